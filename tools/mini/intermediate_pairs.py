"""Writes the sentence pairs of the intermediate tasks: MNLI, SNLI, ANLI and QQP.

The examples of a task go through their tables one filling after the other, so the dev examples,
the last ones, have fillings that training does not have.
"""

from pathlib import Path
from typing import Any

from tools.mini.pairs import LABELS, authored_nli, composed_nli
from tools.mini.texts import read_blocks, read_table, read_words, write_json, write_lines

UNDECIDED = ["entailment", "neutral", "entailment", "contradiction", "neutral"]  # five votes
MISTAKEN = {"e": "n", "n": "c", "c": "e"}  # what a model says of an ANLI example

Row = dict[str, Any]


def slot_values(at: int) -> dict[str, str]:
    """Return the words that fill the slots of one example."""
    word = read_words("words.txt").word
    return {
        "a": word("name", at),
        "b": word("name", at + 7),
        "city": word("city", at),
        "day": word("day", at),
        "isle": word("isle", at),
        "n": word("small", at),
        "m": word("larger", at),
    }


def write_mnli(folder: Path) -> None:
    """Write MNLI from the inference pairs of XNLI."""
    for name, file, pairs in (
        ("train", "train", composed_nli()[:240]),
        ("dev", "dev_matched", authored_nli("nli-dev-en.tsv", "en")),
    ):
        rows: list[Row] = []
        prompts: dict[str, str] = {}
        for one, two, label in pairs:
            prompt = prompts.setdefault(one, f"{name}{len(prompts)}")
            row = {"genre": "everyday", "gold_label": label, "pairID": prompt + label[0]}
            rows.append({**row, "promptID": prompt, "sentence1": one, "sentence2": two})
        write_json(folder / f"multinli_1.0_{file}.jsonl", rows)


def votes(number: int, label: str) -> tuple[list[str], str]:
    """Return the annotators' votes and the gold label; on every 31st pair they do not agree."""
    if number % 31 == 3:
        return UNDECIDED, "-"
    labels = [label] * 5
    if number % 4 == 0:
        labels[number % 5] = "contradiction" if label == "neutral" else "neutral"
    return labels, label


def write_snli(folder: Path) -> None:
    """Write SNLI; what contradicts a caption goes with another activity."""
    rows: list[Row] = []
    acts = read_table("snli-captions.txt")
    word = read_words("words.txt").word
    for filling, (subject, general) in enumerate(read_table("snli-subjects.txt")):
        for index, (act, sure, maybe) in enumerate(acts):
            other = acts[(index + 4 + 2 * (filling % 2)) % len(acts)][1]
            colour = word("paint", index + 2 * filling)
            for label, fact in zip(LABELS.values(), (sure, maybe, other), strict=True):
                labels, gold = votes(len(rows), label)
                caption = f"mini{filling}{index}.jpg#0"
                row: Row = {"annotator_labels": labels, "captionID": caption, "gold_label": gold}
                row["pairID"] = f"{caption}r1{label[0]}"
                row["sentence1"] = f"{subject} with a {colour} cap is {act}."
                rows.append({**row, "sentence2": f"{general} {fact}."})
    write_json(folder / "snli_1.0_train.jsonl", rows[:90])
    write_json(folder / "snli_1.0_dev.jsonl", rows[90:])


def write_anli(folder: Path) -> None:
    """Write the three rounds of ANLI; no context of training is in the dev files."""
    templates = read_blocks("anli-contexts.txt")
    reasons = dict(read_table("anli-reasons.txt"))
    for turn in range(3):
        rows: list[Row] = []
        for number in range(18):
            index, side = turn * 3 + number % 6 // 2, number % 2
            values = slot_values(number // 6 * 7 + 3 * index)
            *texts, labels = templates[index]
            for text, label in zip(texts[2:], labels.split()[side], strict=True):
                row = {"uid": f"mini-r{turn + 1}-{len(rows)}"}
                row["context"] = texts[side].format_map(values)
                row["hypothesis"] = text.format_map(values)
                row |= {"label": label, "model_label": MISTAKEN[label], "reason": reasons[label]}
                rows.append(row)
        write_json(folder / f"R{turn + 1}" / "train.jsonl", rows[:40])
        write_json(folder / f"R{turn + 1}" / "dev.jsonl", rows[42:])


def write_qqp(folder: Path) -> None:
    """Write QQP."""
    word = read_words("words.txt").word
    lines: list[str] = []
    for filling in range(5):
        for index, (one, same, other) in enumerate(read_blocks("qqp-questions.txt")):
            at = 3 * index + 2 * filling
            values = {
                "x": word("city", at),
                "y": word("city", at + 4),
                "c": word("paint", at),
                "t": word("tongue", at),
                "u": word("tongue", at + 2),
                "o": word("thing", at),
                "p": word("pet", at),
            }
            pair = [(same, 1), (other, 0)]
            for second, label in pair if (index + filling) % 2 else pair[::-1]:
                number = len(lines)
                fields = (number, 2 * number, 2 * number + 1, one, second, label)
                lines.append("\t".join(map(str, fields)).format_map(values))
    header = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate"
    write_lines(folder / "train.tsv", [header, *lines[:120]])
    write_lines(folder / "dev.tsv", [header, *lines[120:]])


def write(folder: Path) -> None:
    """Write the files of the four tasks, each in its folder."""
    write_mnli(folder / "mnli")
    write_snli(folder / "snli")
    write_anli(folder / "anli_v1.0")
    write_qqp(folder / "qqp")
