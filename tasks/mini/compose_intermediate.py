"""Writes the English intermediate-task files and the plain text of the mini data set.

All sentences belong to this project. Examples are composed from the tables below and in
``authored/``; those of MNLI and SQuAD from what ``compose_pairs.py`` and ``compose_questions.py``
wrote, so run those first. The examples of a task go through their tables one filling after the
other, so the development examples, the last ones, have fillings that training does not have.
Running the script again writes the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
XTREME = HERE / "data" / "xtreme"
TARGET = HERE / "data" / "intermediate"
Row = dict[str, Any]


def authored(name: str) -> str:
    """Reads one of the tables in ``authored/``; an indented line goes on from the one before."""
    return (HERE / "authored" / name).read_text("utf-8")


NAMES = (
    "Anna Bilal Chen Dora Emeka Farida Goran Hana Ivan Juma Kavita Luis Mona Nils Olga Pablo Rosa "
    "Samir Tara Viktor"
).split()
CITIES = "Accra Bergen Cusco Delhi Essen Fes Graz Hanoi Izmir Jaipur Kisumu".split()
DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday".split()
SMALL = "two three four five six seven".split()
LARGE = "nine ten twelve fifteen twenty thirty thirty-six".split()
ISLES = "Halmo Istra Ardal Farran Kelso".split()
COLOURS = "red green blue yellow white black purple".split()
LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
REASONS = {
    "e": "The context says so.",
    "n": "The context does not tell.",
    "c": "The context says the opposite.",
}

# Activity, what any viewer may say of it, and what only may be true.
CAPTIONS = authored("snli-captions.txt")
SUBJECTS = (
    ("A young girl", "A child"),
    ("An old man", "A person"),
    ("A woman", "Somebody"),
    ("A little boy", "A boy"),
)

# Two contexts, three hypotheses, their labels under the first and the second context.
ADVERSARIAL = authored("anli-contexts.txt")

# Two wordings of a question, and another question in much the same words.
QUESTIONS = authored("qqp-questions.txt")
TONGUES = "Danish Polish Hindi Swahili Arabic Korean Czech Thai Greek".split()
OBJECTS = "clock table lamp carpet mirror piano basket drum kettle".split()
PETS = "dog cat parrot goat rabbit horse hamster".split()

# Activity, two steps of it and how it goes on.
ACTIVITIES = authored("hellaswag-activities.txt")
ACTORS = ("A man|he", "A woman|she", "A boy|he", "A girl|she", "The old neighbour|the neighbour")

# Categories are written as CCGbank does; a pattern is a row of word classes.
LEXICON = {
    "d": (r"NP/N", "the every this that my"),
    "n": (r"N", "baker farmer girl doctor pilot student teacher nurse singer boy"),
    "o": (r"N", "book letter clock basket lamp boat bicycle picture kettle song"),
    "l": (r"N", "garden market village school river station forest kitchen"),
    "a": (r"N/N", "old small new famous strange big pretty"),
    "m": (r"NP", "Anna Bilal Dora Ivan Juma Kavita Luis Rosa"),
    "i": (r"S[dcl]\NP", "sleeps laughs waits sings smiles works"),
    "t": (r"(S[dcl]\NP)/NP", "sees buys finds likes sells paints carries"),
    "g": (r"((S[dcl]\NP)/NP)/NP", "gives sends shows brings"),
    "p": (r"(S[dcl]\NP)/PP", "listens talks writes belongs"),
    "T": (r"PP/NP", "to"),
    "r": (r"(S\NP)\(S\NP)", "quickly often quietly today happily again"),
    "w": (r"((S\NP)\(S\NP))/NP", "in near behind beside"),
    "u": (r"(NP\NP)/NP", "from near behind beside"),
    "F": (r"(S/S)/NP", "In Near Behind Beside"),
    "x": (r"(S[dcl]\NP)/(S[b]\NP)", "can will must may"),
    "D": (r"(S[dcl]\NP)/(S[b]\NP)", "does"),
    "N": (r"(S\NP)\(S\NP)", "not"),
    "b": (r"(S[b]\NP)/NP", "buy find paint carry sell like"),
    "B": (r"S[b]\NP", "sleep laugh wait sing work"),
    "h": (r"(S[dcl]\NP)/(S[pt]\NP)", "has"),
    "H": (r"(S[pt]\NP)/NP", "seen bought found lost sold"),
    "e": (r"(S[dcl]\NP)/(S[adj]\NP)", "is seems"),
    "E": (r"S[adj]\NP", "happy tired ill ready busy"),
    "G": (r"(S[dcl]\NP)/(S[ng]\NP)", "is"),
    "j": (r"(S[ng]\NP)/NP", "painting carrying selling buying"),
    "P": (r"(S[dcl]\NP)/(S[pss]\NP)", "is"),
    "q": (r"S[pss]\NP", "found sold repaired stolen"),
    "y": (r"((S\NP)\(S\NP))/NP", "by"),
    "s": (r"(S[dcl]\NP)/S[em]", "says thinks knows hopes"),
    "z": (r"S[em]/S[dcl]", "that"),
    "W": (r"(NP\NP)/(S[dcl]\NP)", "who"),
    "c": (r"conj", "and or"),
    ",": (r",", ","),
    ".": (r".", "."),
}
PATTERNS = (
    "dni. mir. dantdo. mtdao. dniwdl. mgmdo. dngmdao. mpTdn. danpTm. mxbdo. dnxBr. dnDNbdo. mhHdo. "
    "daneE. mGjdowdl. doPqydn. mszdni. dnszmtdo. dnudli. mcmxbdo. dnWtdoi. Fdl,mi. Fdal,dntdo. "
    "dnudltdo. mtdocdo."
).split()

# Place: what is found there. Places that are alike are neighbours: see ``write_commonsenseqa``.
PLACES = authored("commonsenseqa-places.txt")
KINDS = authored("commonsenseqa-kinds.txt")
JOBS = authored("commonsenseqa-jobs.txt")
USES = authored("commonsenseqa-uses.txt")

# Event, its reason, the feeling and the wish that follow. Good and bad events take turns.
EVENTS = authored("siqa-events.txt")
SOCIAL = (
    "Why did {x} do this?",
    "How would {x} feel afterwards?",
    "What will {x} want to do next?",
)

# A context, a question about the cause and one about what follows, each with the right
# answer and a wrong one that stays with the topic.
STORIES = authored("cosmosqa-stories.txt")

# What a passage of each kind in the training file of compose_questions.py does not tell.
UNTOLD = authored("squad-untold.txt")
UNTOLD_DEV = authored("squad-untold-dev.txt")


def table(text: str) -> list[list[str]]:
    """Splits a table of the above into rows of fields.

    Args:
        text: A row a line, the fields parted by ``|``; an indented line goes on.

    Returns:
        The fields of each row.
    """
    return [line.split("|") for line in text.replace("\n  ", " ").strip().split("\n")]


def blocks(text: str) -> list[list[str]]:
    """Splits a table of the above into the lines of its blocks, parted by empty lines."""
    return [block.split("\n") for block in text.replace("\n  ", " ").strip().split("\n\n")]


def place(right: str, wrong: list[str], at: int) -> list[str]:
    """Puts the right answer at one of the places between the wrong ones."""
    at %= len(wrong) + 1
    return [*wrong[:at], right, *wrong[at:]]


def slots(at: int) -> dict[str, str]:
    """Chooses the words that fill the gaps of one example."""
    a = at % len(NAMES)
    return {
        "a": NAMES[a],
        "b": NAMES[(a + 7) % len(NAMES)],
        "city": CITIES[at % len(CITIES)],
        "day": DAYS[at % len(DAYS)],
        "isle": ISLES[at % len(ISLES)],
        "n": SMALL[at % len(SMALL)],
        "m": LARGE[at % len(LARGE)],
    }


def write(path: str, text: str) -> None:
    """Writes one file below the target folder, with LF ends."""
    target = TARGET / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8", newline="\n")


def write_rows(path: str, rows: Iterable[Row]) -> None:
    """Writes a JSON object a line."""
    write(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def write_mnli() -> None:
    """Writes MNLI from the inference pairs of ``compose_pairs.py``."""
    for name, file, size in (("train", "train", 240), ("dev", "dev_matched", 36)):
        rows: list[Row] = []
        prompts: dict[str, str] = {}
        for line in (XTREME / f"xnli/{name}-en.tsv").read_text("utf-8").splitlines()[:size]:
            one, two, label = line.split("\t")
            prompt = prompts.setdefault(one, f"{name}{len(prompts)}")
            row = {"genre": "everyday", "gold_label": label, "pairID": prompt + label[0]}
            rows.append({**row, "promptID": prompt, "sentence1": one, "sentence2": two})
        write_rows(f"mnli/multinli_1.0_{file}.jsonl", rows)


def write_snli() -> None:
    """Writes SNLI; on every 31st pair the annotators do not agree."""
    rows: list[Row] = []
    acts = table(CAPTIONS)
    for filling, (subject, general) in enumerate(SUBJECTS):
        for index, (act, sure, maybe) in enumerate(acts):
            other = acts[(index + 4 + 2 * (filling % 2)) % len(acts)][1]
            colour = COLOURS[(index + 2 * filling) % len(COLOURS)]
            for label, fact in zip(LABELS.values(), (sure, maybe, other), strict=True):
                votes, gold = [label] * 5, label
                if len(rows) % 31 == 3:
                    gold = "-"
                    votes = ["entailment", "neutral", "entailment", "contradiction", "neutral"]
                elif len(rows) % 4 == 0:
                    votes[len(rows) % 5] = "contradiction" if label == "neutral" else "neutral"
                caption = f"mini{filling}{index}.jpg#0"
                row: Row = {"annotator_labels": votes, "captionID": caption, "gold_label": gold}
                row["pairID"] = f"{caption}r1{label[0]}"
                row["sentence1"] = f"{subject} with a {colour} cap is {act}."
                rows.append({**row, "sentence2": f"{general} {fact}."})
    write_rows("snli/snli_1.0_train.jsonl", rows[:90])
    write_rows("snli/snli_1.0_dev.jsonl", rows[90:])


def write_anli() -> None:
    """Writes the three rounds of ANLI; no context of training is in development."""
    templates = blocks(ADVERSARIAL)
    for turn in range(3):
        rows: list[Row] = []
        for number in range(18):
            index, side = turn * 3 + number % 6 // 2, number % 2
            values = slots(number // 6 * 7 + 3 * index)
            *texts, labels = templates[index]
            for text, label in zip(texts[2:], labels.split()[side], strict=True):
                row = {"uid": f"mini-r{turn + 1}-{len(rows)}"}
                row["context"] = texts[side].format_map(values)
                row["hypothesis"] = text.format_map(values)
                row |= {"label": label, "model_label": {"e": "n", "n": "c", "c": "e"}[label]}
                rows.append({**row, "reason": REASONS[label]})
        write_rows(f"anli_v1.0/R{turn + 1}/train.jsonl", rows[:40])
        write_rows(f"anli_v1.0/R{turn + 1}/dev.jsonl", rows[42:])


def write_qqp() -> None:
    """Writes QQP."""
    lines: list[str] = []
    for filling in range(5):
        for index, (one, same, other) in enumerate(blocks(QUESTIONS)):
            at = 3 * index + 2 * filling
            values = {"x": CITIES[at % 11], "y": CITIES[(at + 4) % 11], "c": COLOURS[at % 7]}
            values |= {"t": TONGUES[at % 9], "u": TONGUES[(at + 2) % 9]}
            values |= {"o": OBJECTS[at % 9], "p": PETS[at % 7]}
            pair = [(same, 1), (other, 0)]
            for second, label in pair if (index + filling) % 2 else pair[::-1]:
                number = len(lines)
                fields = [number, 2 * number, 2 * number + 1, one, second, label]
                lines.append("\t".join(map(str, fields)).format_map(values) + "\n")
    header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"
    write("qqp/train.tsv", header + "".join(lines[:120]))
    write("qqp/dev.tsv", header + "".join(lines[120:]))


def unanswerable(article: Row, others: list[str]) -> Row:
    """Asks what a training passage does not tell.

    Args:
        article: A passage of ``compose_questions.py``; its title names place, kind and filling.
        others: Places that stand in for the one of the passage.

    Returns:
        A question nobody answers or, in every second filling, one about another place than
        that of the passage.
    """
    name, kind, filling = article["title"].split("_")
    paragraph = article["paragraphs"][0]
    other = next(place for place in others if place not in paragraph["context"])
    asked = [item for item in paragraph["qas"] if name in item["question"]]
    row: Row = {"question": table(UNTOLD)[int(kind)][0].format(p=name)}
    if int(filling) % 2 and asked:
        row["question"] = asked[-1]["question"].replace(name, other)
        row["plausible_answers"] = asked[-1]["answers"]
    return row


def write_squad() -> None:
    """Writes SQuAD 2.0: XTREME's SQuAD 1.1 with unanswerable questions added."""
    data: dict[str, list[Row]] = {}
    for name in ("train", "dev"):
        text = (XTREME / f"squad/{name}-v1.1.json").read_text("utf-8")
        data[name] = json.loads(text)["data"]
    places = [article["title"].split("_")[0] for article in data["train"]]
    for name, articles in data.items():
        for number, article in enumerate(articles[:50]):
            qas: list[Row] = article["paragraphs"][0]["qas"]
            if name == "train":
                added = [unanswerable(article, places[number + 1 :] + places)]
                qas = qas[number % 3 :][:2]
            else:
                added = [{"question": q} for t, q in table(UNTOLD_DEV) if t == article["title"]]
            for index, row in enumerate(added):
                row |= {"id": f"{qas[0]['id']}-none-{index}", "answers": [], "is_impossible": True}
            told = [{**row, "is_impossible": False} for row in qas]
            article["paragraphs"][0]["qas"] = told + added
        file = {"version": "v2.0", "data": articles[:50]}
        write(f"squad_v2.0/{name}-v2.0.json", json.dumps(file, ensure_ascii=False) + "\n")


def write_hellaswag() -> None:
    """Writes HellaSwag; the wrong endings go with other activities."""
    rows: list[Row] = []
    acts = table(ACTIVITIES)
    for filling, (subject, short) in enumerate(actor.split("|") for actor in ACTORS):
        for index, (label, first, second, right) in enumerate(acts):
            steps = (index + 5 + filling, index + 12 + 2 * filling, index + 25 + filling)
            wrong = [acts[step % len(acts)][3] + "." for step in steps]
            context = f"{subject} {first}. {short.capitalize()} {second}. {short}"
            row: Row = {"activity_label": label, "ctx": context, "label": len(rows) % 4}
            rows.append({**row, "endings": place(f"{right}.", wrong, len(rows))})
    write_rows("hellaswag/hellaswag_train.jsonl", rows[:140])
    write_rows("hellaswag/hellaswag_val.jsonl", rows[140:])


def write_ccg() -> None:
    """Writes the supertagged sentences."""
    sentences: list[str] = []
    for number in range(110):
        used: list[str] = []
        pattern = PATTERNS[number % len(PATTERNS)]
        for index, letter in enumerate(pattern):
            words = LEXICON[letter][1].split()
            start = number // len(PATTERNS) + 7 * number + index * (1 + number % 4)
            ring = [words[(start + step) % len(words)] for step in range(len(words))]
            used.append(next((word for word in ring if word not in used), ring[0]))
        tokens = [used[0][0].upper() + used[0][1:], *used[1:]]
        tags = [LEXICON[letter][0] for letter in pattern]
        pairs = zip(tokens, tags, strict=True)
        sentences.append("".join(f"{token}\t{tag}\n" for token, tag in pairs))
    write("ccg/train.tsv", "\n".join(sentences[:90]))
    write("ccg/dev.tsv", "\n".join(sentences[90:]))


def write_cosmosqa() -> None:
    """Writes Cosmos QA; two of the wrong answers are right for other stories."""
    rows: list[list[str | int]] = []
    stories = blocks(STORIES)
    for filling in range(4):
        for index, story in enumerate(stories):
            for kind in (1, 2):
                question, right, wrong = story[kind].split("|")
                others = [
                    stories[(index + step + filling) % len(stories)][kind].split("|")[1]
                    for step in (2, 7)
                ]
                label = (len(rows) + filling) % 4
                texts = [story[0], question, *place(right, [wrong, *others], label)]
                values = slots(3 * index + 5 * filling)
                filled = [text.format_map(values) for text in texts]
                rows.append([f"mini-cosmos-{len(rows)}", *filled, label])
    header = ["id", "context", "question", *(f"answer{i}" for i in range(4)), "label"]
    for name, part in (("train", rows[:80]), ("valid", rows[80:])):
        stream = io.StringIO()
        csv.writer(stream, lineterminator="\n").writerows([header, *part])
        write(f"cosmosqa/{name}.csv", stream.getvalue())


def facts() -> Iterable[tuple[str, str, str, int, list[str]]]:
    """Lists what everybody knows.

    Yields:
        The question, its concept and right answer, the number of the answer among all
        answers to such questions, and those answers.
    """
    for text, stem in (
        (PLACES, "Where would you most likely find {a} {x}?"),
        (KINDS, "The word {x} is the name of a kind of what?"),
        (JOBS, "Who can help best if {x}?"),
        (USES, "What would you do with {a} {x}?"),
    ):
        lines = text.strip().replace("; ", "\n").split("\n")
        entries = [line.split(": ") for line in lines]
        answers = [answer for answer, _ in entries]
        for index, (answer, things) in enumerate(entries):
            for thing in things.split(", "):
                article = "an" if thing[0] in "aeiou" else "a"
                concept = answer if text == JOBS else thing
                yield stem.format(a=article, x=thing), concept, answer, index, answers


def write_commonsenseqa() -> None:
    """Writes CommonsenseQA; the wrong choices are answers to like questions.

    The neighbours of the right answer in its table are no wrong choices.
    """
    parts: dict[str, list[Row]] = {"train": [], "dev": []}
    for number, (stem, concept, right, index, answers) in enumerate(facts()):
        rows = parts["dev" if number % 5 == 2 else "train"]
        wrong = [answers[(index + step + number % 3) % len(answers)] for step in (2, 5, 8, 11)]
        choices = [
            {"label": letter, "text": text}
            for letter, text in zip("ABCDE", place(right, wrong, len(rows)), strict=True)
        ]
        question = {"question_concept": concept, "choices": choices, "stem": stem}
        key = "ABCDE"[len(rows) % 5]
        rows.append({"answerKey": key, "id": f"mini-csqa-{number}", "question": question})
    for name, rows in parts.items():
        write_rows(f"commonsenseqa/{name}_rand_split.jsonl", rows)


def write_siqa() -> None:
    """Writes Social IQa; the wrong answers belong to events of the other mood."""
    rows: list[Row] = []
    events = table(EVENTS)
    for filling in range(2):
        for index, event in enumerate(events):
            at = 3 * index + 11 * filling
            values = {"x": NAMES[at % 20], "y": NAMES[(at + 6) % 20]}
            for kind, question in enumerate(SOCIAL, 1):
                others = (index + 5 + 2 * filling, index + 11 + 2 * filling)
                wrong = [events[other % len(events)][kind] for other in others]
                label = (len(rows) + index) % 3
                texts = [event[0].strip(), question, *place(event[kind], wrong, label)]
                keys = ("context", "question", "answerA", "answerB", "answerC")
                filled = [text.format_map(values) for text in texts]
                rows.append({**dict(zip(keys, filled, strict=True)), "correct": "ABC"[label]})
    write_rows("siqa/socialIQa_v1.4_trn.jsonl", rows[:90])
    write_rows("siqa/socialIQa_v1.4_dev.jsonl", rows[90:114])


def write_text() -> None:
    """Writes plain text in each language: the parallel sentences."""
    lines = (HERE / "authored" / "parallel.tsv").read_text("utf-8").splitlines()
    columns = zip(*(line.split("\t") for line in lines), strict=True)
    for lang, *sentences in columns:
        write(f"mlm/{lang}.txt", "".join(f"{sentence}\n" for sentence in sentences))


def main() -> int:
    """Writes all intermediate files.

    Returns:
        The exit status, 0.
    """
    write_mnli()
    write_snli()
    write_anli()
    write_qqp()
    write_squad()
    write_hellaswag()
    write_ccg()
    write_cosmosqa()
    write_commonsenseqa()
    write_siqa()
    write_text()
    return 0


if __name__ == "__main__":
    sys.exit(main())
