"""Writes LAReQA: the questions of XQuAD, whose right answers are sentences in all languages.

As XQuAD-R is made of XQuAD, the passages and questions are those of this data set's XQuAD.
"""

from collections import defaultdict
from pathlib import Path

from tools.mini.passages import XQUAD_QUESTIONS, Article, authored, write_articles
from tools.mini.texts import sentence_spans, write_json

LANGUAGES = ("ar", "de", "en", "zh")
PASSAGES = 10  # the first ones of XQuAD's


def articles_of(lang: str) -> list[Article]:
    """Return the articles of XQuAD with the breaks of their sentences."""
    articles = authored(f"qa-{lang}.json", XQUAD_QUESTIONS, "mini-xquad")[:PASSAGES]
    for article in articles:
        for paragraph in article["paragraphs"]:
            breaks = sentence_spans(paragraph["context"])
            paragraph["sentence_breaks"] = [list(span) for span in breaks]
    return articles


def right_sentences(lang: str, articles: list[Article]) -> dict[str, str]:
    """Return the sentence that answers each question, ``{lang}_{n}_{i}``: n from 1, i from 0."""
    right = {}
    for number, article in enumerate(articles, 1):
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                at = question["answers"][0]["answer_start"]
                (place,) = [
                    index
                    for index, (start, end) in enumerate(paragraph["sentence_breaks"])
                    if start <= at < end
                ]
                right[question["id"]] = f"{lang}_{number}_{place}"
    return right


def write(data: Path) -> None:
    """Write the file of each language, and the ids of the right candidates."""
    matches: dict[str, list[str]] = defaultdict(list)
    for lang in LANGUAGES:
        articles = articles_of(lang)
        write_articles(data / "xtreme" / "lareqa" / "xquad-r" / f"{lang}.json", articles)
        for key, candidate in right_sentences(lang, articles).items():
            matches[key].append(candidate)
    for lang in LANGUAGES:
        gold = {f"{key}_{lang}": candidates for key, candidates in matches.items()}
        write_json(data / "labels" / "lareqa" / f"test-{lang}.json", [gold])
