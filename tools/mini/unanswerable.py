"""Writes SQuAD 1.1 as XTREME has it, and SQuAD 2.0 with unanswerable questions added."""

from pathlib import Path

from tools.mini.passages import Article, squad
from tools.mini.texts import read_lines, read_table, write_json

ARTICLES = 50  # so many articles of a split are in 2.0


def unanswerable(article: Article, others: list[str], untold: list[str]) -> Article:
    """Return a question that a training passage does not answer.

    In every second filling it is about another place than that of the passage.

    Args:
        article: A training passage; its title names place, kind and filling.
        others: Places that stand in for the one of the passage.
        untold: What a passage of each kind does not tell.
    """
    name, kind, filling = article["title"].split("_")
    paragraph = article["paragraphs"][0]
    other = next(place for place in others if place not in paragraph["context"])
    asked = [item for item in paragraph["qas"] if name in item["question"]]
    if int(filling) % 2 and asked:
        question = asked[-1]["question"].replace(name, other)
        return {"question": question, "plausible_answers": asked[-1]["answers"]}
    return {"question": untold[int(kind)].format(p=name)}


def add(article: Article, answered: list[Article], unanswered: list[Article]) -> Article:
    """Return an article with these questions alone, each marked as possible or impossible."""
    qas = [{**row, "is_impossible": False} for row in answered]
    for index, row in enumerate(unanswered):
        key = f"{answered[0]['id']}-none-{index}"
        qas.append({**row, "id": key, "answers": [], "is_impossible": True})
    paragraph = {**article["paragraphs"][0], "qas": qas}
    return {**article, "paragraphs": [paragraph]}


def train_with_unanswerable() -> list[Article]:
    """Return the training articles, each with two of its questions and an unanswerable one."""
    articles, untold = squad("train"), read_lines("squad-untold.txt")
    places = [article["title"].split("_")[0] for article in articles]
    changed = []
    for number, article in enumerate(articles[:ARTICLES]):
        added = unanswerable(article, places[number + 1 :] + places, untold)
        answered = article["paragraphs"][0]["qas"][number % 3 :][:2]
        changed.append(add(article, answered, [added]))
    return changed


def dev_with_unanswerable() -> list[Article]:
    """Return the dev articles with the authored unanswerable questions."""
    untold = read_table("squad-untold-dev.txt")
    changed = []
    for article in squad("dev")[:ARTICLES]:
        added = [{"question": text} for title, text in untold if title == article["title"]]
        changed.append(add(article, article["paragraphs"][0]["qas"], added))
    return changed


def write(folder: Path) -> None:
    """Write SQuAD v2.0; v1.1 is XTREME's own."""
    second = {"train": train_with_unanswerable(), "dev": dev_with_unanswerable()}
    for split, articles in second.items():
        path = folder / "squad_v2.0" / f"{split}-v2.0.json"
        write_json(path, [{"version": "v2.0", "data": articles}])
