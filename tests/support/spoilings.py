"""What can be wrong with an entry: named spoilings of a good one, each with the code it is told by.

Each changes the entry ``TRANSFER`` that ``write_transfer`` wrote, in place.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from support.entries import BASELINE, MNLI, Value, change, load, restate, rewrite, save

XNLI, UDPOS, XQUAD = "xnli/test-de.tsv", "udpos/test-de.tsv", "xquad/test-de.json"
BUCC, TATOEBA = "bucc2018/test-de.tsv", "tatoeba/test-de.tsv"
SECOND, THIRD = "seed-2", "seed-3"
Spoil = Callable[[Path], None]


@dataclass(frozen=True)
class Spoiling:
    """One way to spoil an entry.

    Attributes:
        name: Its name.
        code: The code that it is told by.
        spoil: Spoils the entry in a folder.
        runs: How many runs the entry has.
        labels: Whether only labels show it.
    """

    name: str
    code: str
    spoil: Spoil
    runs: int
    labels: bool


SPOILINGS: dict[str, Spoiling] = {}


def spoils(code: str, runs: int = 1, labels: bool = False) -> Callable[[Spoil], Spoil]:
    """Make a function a spoiling; its name is the function's."""

    def add(spoil: Spoil) -> Spoil:
        name = spoil.__name__.replace("_", "-")
        SPOILINGS[name] = Spoiling(name, code, spoil, runs, labels)
        return spoil

    return add


def claim(folder: Path, claims: Value) -> None:
    """Claim numbers."""
    change(folder, lambda value: value.update(claims=claims))


def edit(folder: Path, **values: object) -> None:
    """Set fields of submission.json."""
    change(folder, lambda value: value.update(values))


def train(folder: Path, **values: object) -> None:
    """Set fields of training."""
    change(folder, lambda value: value["training"].update(values))


def text_of(folder: Path, path: str, run: str = "seed-1") -> str:
    """Return the text of a prediction file."""
    return (folder / "predictions" / run / path).read_text("utf-8")


def raw_submission(folder: Path, changed: Callable[[bytes], bytes]) -> None:
    """Change the bytes of submission.json."""
    file = folder / "submission.json"
    file.write_bytes(changed(file.read_bytes()))


# Safety


@spoils("X101")
def link(folder: Path) -> None:
    target = folder / "predictions" / "seed-1" / XNLI
    target.unlink()
    target.symlink_to("test-en.tsv")


@spoils("X101")
def hard_link(folder: Path) -> None:
    place = folder / "predictions" / "seed-1" / "xnli"
    (place / "test-de.tsv").unlink()
    os.link(place / "test-en.tsv", place / "test-de.tsv")


@spoils("X101")
def pipe(folder: Path) -> None:
    os.mkfifo(folder / "predictions" / "pipe.tsv")


@spoils("X102")
def spaced_name(folder: Path) -> None:
    (folder / "read me.txt").write_text("hello\n")


@spoils("X102")
def deep(folder: Path) -> None:
    place = folder / "predictions" / "seed-1" / "xnli" / "a" / "b" / "c"
    place.mkdir(parents=True)
    (place / "test-de.tsv").write_text("neutral\n")


@spoils("X103")
def large(folder: Path) -> None:
    raw_submission(folder, lambda raw: raw + b" " * (1 << 20))


@spoils("X104")
def mark(folder: Path) -> None:
    raw_submission(folder, lambda raw: b"\xef\xbb\xbf" + raw)


@spoils("X104")
def latin_1(folder: Path) -> None:
    file = folder / "predictions" / "seed-1" / XQUAD
    file.write_bytes(file.read_bytes().replace(b" ", b"\xe4", 1))
    restate(folder)


@spoils("X105")
def bidirectional(folder: Path) -> None:
    edit(folder, title="Best \u202eledom")


@spoils("X106")
def script_url(folder: Path) -> None:
    edit(folder, links={"paper": "https://someone@example.org:80/", "code": "https://10.0.0.1/"})


@spoils("X107")
def duplicate_key(folder: Path) -> None:
    raw_submission(folder, lambda raw: raw.replace(b'"format": 2', b'"format": 2, "format": 2'))


@spoils("X108")
def archive(folder: Path) -> None:
    (folder / "predictions" / "all.zip").write_bytes(b"PK\x03\x04")


# Schema


@spoils("S201")
def missing_key(folder: Path) -> None:
    change(folder, lambda value: value.pop("licence"))


@spoils("S202")
def unknown_key(folder: Path) -> None:
    edit(folder, license="MIT")


@spoils("S203")
def text_for_number(folder: Path) -> None:
    train(folder, tried="once")


@spoils("S203")
def seed_twice(folder: Path) -> None:
    change(folder, lambda value: value["runs"].append(value["runs"][0] | {"id": "seed-2"}))


@spoils("S204")
def format_3(folder: Path) -> None:
    edit(folder, format=3)


@spoils("S205")
def other_slug(folder: Path) -> None:
    edit(folder, slug="mnli-last")


@spoils("S206")
def own_baseline(folder: Path) -> None:
    edit(folder, baseline=folder.name)


@spoils("S206")
def unknown_baseline(folder: Path) -> None:
    edit(folder, baseline=BASELINE[:-1])


# Files


@spoils("F301")
def unknown_task(folder: Path) -> None:
    place = folder / "predictions" / "seed-1"
    (place / "xnli").rename(place / "xnlli")
    restate(folder)


@spoils("F302")
def missing_languages(folder: Path) -> None:
    for code in ("de", "sw"):
        (folder / "predictions" / "seed-1" / "xnli" / f"test-{code}.tsv").unlink()
    restate(folder)


@spoils("F303")
def language_too_many(folder: Path) -> None:
    place = folder / "predictions" / "seed-1" / "xnli"
    shutil.copy(place / "test-de.tsv", place / "test-nl.tsv")
    restate(folder)


@spoils("F304")
def stray_file(folder: Path) -> None:
    (folder / "notes.txt").write_text("to do\n")


@spoils("F305")
def changed_after(folder: Path) -> None:
    file = folder / "predictions" / "seed-1" / XNLI
    file.write_text(file.read_text() + "neutral\n")


# Predictions


@spoils("P401", labels=True)
def header_skipped(folder: Path) -> None:
    rewrite(folder, XNLI, lambda text: text.split("\n", 1)[1])


@spoils("P401", labels=True)
def one_too_many(folder: Path) -> None:
    rewrite(folder, TATOEBA, lambda text: "0\n" + text)


@spoils("P401", labels=True)
def sentences_missing(folder: Path) -> None:
    rewrite(folder, UDPOS, lambda text: text.replace("\n\n", "\n", 1))


@spoils("P402")
def other_labels(folder: Path) -> None:
    rewrite(folder, XNLI, lambda text: text.replace("neutral", "2"))  # more than are told


@spoils("P402")
def tags_with_tokens(folder: Path) -> None:
    rewrite(folder, UDPOS, lambda text: text.replace("NOUN", "Haus\tNOUN", 1))


@spoils("P403")
def blank_line(folder: Path) -> None:
    rewrite(folder, XNLI, lambda text: text.replace("\n", "\n\n", 1))


@spoils("P403", labels=True)
def sentence_too_many(folder: Path) -> None:
    rewrite(folder, UDPOS, lambda text: text.replace("\n", "\n\n", 1))


@spoils("P404", labels=True)
def tag_missing(folder: Path) -> None:
    def cut(text: str) -> str:
        lines = text.split("\n")
        place = lines.index("") + 1  # the second sentence's first tag
        return "\n".join(lines[:place] + lines[place + 1 :])

    rewrite(folder, UDPOS, cut)


@spoils("P405", labels=True)
def other_ids(folder: Path) -> None:
    def renamed(text: str) -> str:
        answers = json.loads(text)
        return json.dumps({f"{n}-x" if i < 5 else n: a for i, (n, a) in enumerate(answers.items())})

    rewrite(folder, XQUAD, renamed)


@spoils("P406")
def odd_answers(folder: Path) -> None:
    def odd(text: str) -> str:
        answers = json.loads(text)
        first, second, third, *_ = answers
        return json.dumps(answers | {first: None, second: ["a", "b"], third: "a" * 10_001})

    rewrite(folder, XQUAD, odd)


@spoils("P406")
def list_of_answers(folder: Path) -> None:
    rewrite(folder, XQUAD, lambda text: json.dumps(list(json.loads(text).values())))


@spoils("P407")
def no_tabs(folder: Path) -> None:
    rewrite(folder, BUCC, lambda text: text.replace("\t", " ", 2))


@spoils("P407")
def columns_swapped(folder: Path) -> None:
    def swapped(text: str) -> str:
        pairs = [line.split("\t") for line in text.splitlines()]
        return "".join(f"{english}\t{other}\n" for other, english in pairs)

    rewrite(folder, BUCC, swapped)


@spoils("P407")
def other_language(folder: Path) -> None:
    rewrite(folder, BUCC, lambda text: text.replace("de-", "fr-", 1))


@spoils("P407")
def repeated(folder: Path) -> None:
    rewrite(folder, BUCC, lambda text: text + text.split("\n", 1)[0] + "\n")


@spoils("P407", labels=True)
def unknown_sentences(folder: Path) -> None:
    rewrite(folder, BUCC, lambda text: text + "de-999999999\ten-999999999\n")


@spoils("P408")
def no_index(folder: Path) -> None:
    rewrite(folder, TATOEBA, lambda text: "-1\n1.0\n" + text.split("\n", 2)[2])


@spoils("P408", labels=True)
def index_beyond(folder: Path) -> None:
    rewrite(folder, TATOEBA, lambda text: "60\n" + text.split("\n", 1)[1])


@spoils("P409")
def one_tag(folder: Path) -> None:
    def nouns(text: str) -> str:
        return "".join("NOUN\n" if line else "\n" for line in text.splitlines())

    rewrite(folder, UDPOS, nouns)


@spoils("P410")
def copied_language(folder: Path) -> None:
    rewrite(folder, XQUAD, lambda _: text_of(folder, "xquad/test-es.json"))


@spoils("P411", runs=3)
def run_twice(folder: Path) -> None:
    place = folder / "predictions"
    shutil.rmtree(place / SECOND)
    shutil.copytree(place / "seed-1", place / SECOND)
    restate(folder)


@spoils("P412")
def copied_entry(folder: Path) -> None:
    theirs = folder.parent / BASELINE / "predictions" / "seed-1" / "panx"
    shutil.copytree(theirs, folder / "predictions" / "seed-1" / "panx", dirs_exist_ok=True)
    restate(folder)


@spoils("P413", labels=True)
def majority(folder: Path) -> None:
    rewrite(folder, XNLI, lambda text: "neutral\n" * text.count("\n"))


@spoils("P413", labels=True)
def nothing_right(folder: Path) -> None:
    rewrite(folder, XQUAD, lambda text: json.dumps(dict.fromkeys(json.loads(text), "§")))


@spoils("P414", labels=True)
def other_direction(folder: Path) -> None:
    def inverse(text: str) -> str:
        lines = text.split()
        place = {line: number for number, line in enumerate(lines)}
        return "".join(f"{place.get(str(number), 0)}\n" for number in range(len(lines)))

    rewrite(folder, TATOEBA, inverse)


# Claims


@spoils("C501", labels=True)
def untrue_claims(folder: Path) -> None:
    claims = {"xnli": {"de": {"accuracy": 91.2}, "mean": {"accuracy": 90.0}}}
    claim(folder, claims | {"overall": 88.8, "groups": {"qa": 90.1}})


@spoils("C501", labels=True)
def claims_of_nothing(folder: Path) -> None:
    shutil.rmtree(folder / "predictions" / "seed-1" / "tatoeba")
    restate(folder)
    claim(folder, {"tatoeba": {"de": {"accuracy": 80.0}}, "overall": 70.0})


@spoils("C502")
def mean_of_other_parts(folder: Path) -> None:
    codes = ("en", "de", "es", "zh", "ar", "hi", "sw")
    parts = {code: {"accuracy": 70.0 + number} for number, code in enumerate(codes)}
    pawsx = {"mean": {"accuracy": 80.0}}
    claims = {"xnli": {**parts, "mean": {"accuracy": 73.5}}, "pawsx": pawsx}
    claim(folder, {**claims, "groups": {"classification": 79.0}})


@spoils("C503")
def above_what_is_possible(folder: Path) -> None:
    claim(folder, {"xnli": {"de": {"accuracy": 104.2}}})


@spoils("C504", runs=3, labels=True)
def run_that_failed(folder: Path) -> None:
    for path in sorted((folder / "predictions" / THIRD).glob("xnli/*")):
        labels = path.read_text().split()
        path.write_text("".join(f"{label}\n" for label in [*labels[7:], *labels[:7]]))
    restate(folder)


@spoils("C504", runs=3, labels=True)
def runs_alike(folder: Path) -> None:
    for run in (SECOND, THIRD):
        place = folder / "predictions"
        shutil.copytree(place / "seed-1" / "pawsx", place / run / "pawsx", dirs_exist_ok=True)
    restate(folder)


# Disclosure


@spoils("D601")
def not_zero_shot(folder: Path) -> None:
    train(folder, languages=["en", "de", "sw"])


@spoils("D602")
def chosen_on_test(folder: Path) -> None:
    train(folder, selection="test")


@spoils("D602")
def chosen_on_target_dev(folder: Path) -> None:
    train(folder, selection="target-dev")


@spoils("D603")
def trained_on_test_items(folder: Path) -> None:
    names = ("SQuAD-v1.1-dev", "xnli", "tydiqa-goldp (dev)", "xnli-translate-train", "squad")
    plain = MNLI[0]["tasks"][0]
    stage = {"tasks": [plain | {"name": name} for name in names]}
    edit(folder, intermediate=[*MNLI, stage])


@spoils("D604", runs=3)
def one_intermediate_training(folder: Path) -> None:
    change(folder, lambda value: [run.update(intermediate_run="a") for run in value["runs"]])


@spoils("D605")
def one_run(folder: Path) -> None:
    """An entry of one run is one as it is."""


@spoils("D606")
def many_tried(folder: Path) -> None:
    train(folder, tried=1200)


@spoils("D607")
def no_licence(folder: Path) -> None:
    edit(folder, licence="")


@spoils("D608")
def says_too_little_for_xtreme_r(folder: Path) -> None:
    """Make a baseline of XTREME-R of it, whose benchmark asks for more than mini's."""
    for task in (folder / "predictions" / "seed-1").iterdir():
        if task.name not in ("xnli", "tatoeba"):
            shutil.rmtree(task)
    restate(folder)
    edit(folder, benchmark="xtreme-r", intermediate=[], baseline=None)
    change(folder, lambda value: value["runs"][0].update(intermediate_run=None))


# Odd, but good


def with_crlf(folder: Path) -> None:
    """End all lines of all predictions with CR LF, as XTREME's own files may."""
    for run in load(folder)["runs"]:
        for path in run["files"]:
            file = folder / "predictions" / run["id"] / path
            file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    restate(folder)


def with_doubled_blank_lines(folder: Path) -> None:
    """Separate the sentences by two blank lines, which the official scorer reads as one."""
    rewrite(folder, UDPOS, lambda text: text.replace("\n\n", "\n\n\n"))


def published(folder: Path) -> None:
    """Make numbers of a paper of an entry: claims alone."""
    value = load(folder)
    shutil.rmtree(folder / "predictions")
    del value["runs"]
    value |= {"kind": "published", "claims": {"xnli": {"mean": {"accuracy": 79.2}}}}
    url = "https://example.org/paper"
    value["source"] = {"citation": "Example 2026", "where": "Table 7", "url": url}
    save(folder, value)
