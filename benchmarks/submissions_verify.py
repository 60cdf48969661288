"""What verifying costs: an XTREME-sized entry of three runs, intervals included, CPU time.

    OMP_NUM_THREADS=1 python benchmarks/submissions_verify.py [FOLDER]

Labels, examples and predictions have XTREME's sizes (BUCC: about as many sentences as its training
set) and random contents that are plausible in length and right about four times in five. They are
written to FOLDER and kept there, by default to a temporary one. Each command is a process of its
own: first with an empty cache, again with nothing changed, and a second entry with the clusters of
the first in the cache. Exits with 1 when a bound is missed.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from harness import registry
from harness.declarations import Task

SEEDS = (1, 2, 3)
BOUNDS = {"first": 45.0, "again": 1.0}  # CPU seconds
GIB = 1.0
MLQA = {"en": 11590, "es": 5253, "de": 4517, "ar": 5335, "hi": 4918, "vi": 5495, "zh": 5137}
TYDIQA = (440, 921, 113, 782, 565, 276, 812, 499, 669)
BUCC = {  # sentences, English ones, gold pairs
    "de": (413_000, 399_000, 9_580),
    "fr": (271_000, 369_000, 9_086),
    "ru": (460_000, 558_000, 14_330),
    "zh": (94_000, 88_000, 1_896),
}
ENTRY = {
    "format": 2,
    "title": "Random answers",
    "submitter": {"name": "Example Lab"},
    "kind": "runs",
    "benchmark": "xtreme",
    "partial": "",
    "date": "2026-11-26",
    "licence": "CC0-1.0",
    "model": {"name": "random", "base": "random", "parameters": None, "weights": "closed"},
    "intermediate": [],
    "baseline": None,
    "training": {
        "languages": ["en"],
        "regime": "zero-shot",
        "selection": "english-dev",
        "recipe": "none",
        "tried": 1,
    },
}


class Made:
    """Writes labels, examples and the predictions of some runs."""

    def __init__(self, root: Path, slugs: tuple[str, ...]) -> None:
        """Make everything below a folder."""
        self.root, self.random = root, random.Random(1)
        self.words = [
            "".join(self.random.choices("abcdefghijklmnoprstu", k=self.random.randint(2, 9)))
            for _ in range(20_000)
        ]
        self.files: dict[str, dict[str, str]] = {f"{s}/seed-{n}": {} for s in slugs for n in SEEDS}
        for name in registry.benchmark("xtreme").task_names():
            task = registry.task(name)
            for number, language in enumerate(task.languages):
                getattr(self, f"_{name}", self._tagged)(task, language, number)
        for slug in slugs:
            runs = [
                {
                    "id": f"seed-{n}",
                    "seed": n,
                    "intermediate_run": None,
                    "files": self.files[f"{slug}/seed-{n}"],
                }
                for n in SEEDS
            ]
            value = {**ENTRY, "slug": slug, "runs": runs}
            (root / "entries" / slug / "submission.json").write_text(json.dumps(value, indent=1))

    def _text(self, words: int) -> str:
        return " ".join(self.random.choices(self.words, k=words))

    def _write(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def _example(self, task: Task, language: str, text: str, side: str = "") -> None:
        pattern = str(task.folder.files["test"])
        self._write(self.root / "xtreme" / pattern.format(lang=language, side=side), text)

    def _gold(self, task: Task, language: str, text: str) -> None:
        self._write(self.root / "labels" / task.folder.labels.format(lang=language), text)

    def _predict(self, task: Task, language: str) -> Iterator[tuple[Path, str, str]]:
        for name in self.files:
            slug, run = name.split("/")
            path = f"{task.name}/{task.file(language)}"
            yield self.root / "entries" / slug / "predictions" / run / path, name, path

    def _say(self, task: Task, language: str, made: Iterator[str]) -> None:
        for (target, name, path), text in zip(self._predict(task, language), made, strict=False):
            self._write(target, text)
            self.files[name][path] = hashlib.sha256(text.encode()).hexdigest()

    def _lines(self, gold: list[str], others: list[str]) -> Iterator[str]:
        while True:
            wrong = self.random.random
            some = [g if not g or wrong() < 0.8 else self.random.choice(others) for g in gold]
            yield "".join(f"{line}\n" for line in some)

    def _pairs(self, task: Task, language: str, count: int, share: int) -> None:
        labels = list(task.format.labels)
        gold = self.random.choices(labels, k=count)
        first = [self._text(18) for _ in range(count // share + 1)]
        rows = [f"{first[i // share]}\t{self._text(10)}\n" for i in range(count)]
        self._example(task, language, "".join(rows))
        self._gold(task, language, "".join(f"{one}\n" for one in gold))
        self._say(task, language, self._lines(gold, labels))

    def _xnli(self, task: Task, language: str, number: int) -> None:
        self._pairs(task, language, 5010, 3)

    def _pawsx(self, task: Task, language: str, number: int) -> None:
        self._pairs(task, language, 2000, 1)

    def _tagged(self, task: Task, language: str, number: int) -> None:
        panx = task.name == "panx"
        count = (
            (10_000 if number < 30 else 1_000) if panx else 47 + 20_389 * (number % 7) ** 2 // 49
        )
        labels = list(task.format.labels)
        gold, examples = [], []
        for _ in range(count):
            size = self.random.randint(3, 12 if panx else 35)
            gold += [*self._sentence(size, labels, panx=panx), ""]
            examples += [*self.random.choices(self.words, k=size), ""]
        self._example(task, language, "".join(f"{one}\n" for one in examples))
        self._gold(task, language, "".join(f"{one}\n" for one in gold))
        self._say(task, language, self._lines(gold, labels))

    def _sentence(self, size: int, labels: list[str], *, panx: bool) -> list[str]:
        if not panx:
            return self.random.choices(labels, k=size)
        kind = self.random.choice(("PER", "ORG", "LOC"))
        inside = self.random.randint(1, 3)
        return [f"B-{kind}", *[f"I-{kind}"] * (inside - 1), *["O"] * size][:size]

    def _questions(self, task: Task, language: str, count: int) -> None:
        paragraphs, gold = [], {}
        for start in range(0, count, 5):
            words = self.random.choices(self.words, k=120)
            context, questions = " ".join(words), []
            for number in range(start, min(start + 5, count)):
                at, many = self.random.randrange(110), self.random.randint(1, 5)
                answer = " ".join(words[at : at + many])
                begin = len(" ".join(words[:at])) + (at > 0)
                gold[f"{task.name}-{number}"] = answer
                answers = [{"text": answer, "answer_start": begin}]
                one = {"id": f"{task.name}-{number}", "question": self._text(10)}
                questions.append({**one, "answers": answers})
            paragraphs.append({"context": context, "qas": questions})
        value = json.dumps({"data": [{"title": "", "paragraphs": paragraphs}]})
        self._gold(task, language, value)
        self._example(task, language, value)

        def made() -> Iterator[str]:
            while True:
                wrong = self.random.random
                yield json.dumps({k: g if wrong() < 0.7 else f"{g} the" for k, g in gold.items()})

        self._say(task, language, made())

    def _xquad(self, task: Task, language: str, number: int) -> None:
        self._questions(task, language, 1190)

    def _mlqa(self, task: Task, language: str, number: int) -> None:
        self._questions(task, language, MLQA[language])

    def _tydiqa(self, task: Task, language: str, number: int) -> None:
        self._questions(task, language, TYDIQA[number])

    def _tatoeba(self, task: Task, language: str, number: int) -> None:
        gold = [str(i) for i in self.random.sample(range(1000), 1000)]
        for side in (language, "en"):
            text = "".join(f"{line}\n" for line in sorted(self._text(8) for _ in range(1000)))
            self._example(task, language, text, side)
        self._gold(task, language, "".join(f"{one}\n" for one in gold))
        self._say(task, language, self._lines(gold, gold))

    def _bucc2018(self, task: Task, language: str, number: int) -> None:
        count, english, pairs = BUCC[language]
        pattern = next(p for p in (task.folder.files["test"],) if isinstance(p, str))
        for side, many in ((language, count), ("en", english)):
            path = self.root / "xtreme" / pattern.format(lang=language, side=side)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("w", encoding="utf-8") as file:
                for i in range(many):
                    file.write(f"{side}-{i:09}\t{self.words[i % 19_999]} {self.words[i // 99]} a\n")
        left = self.random.sample(range(count), pairs)
        right = self.random.sample(range(english), pairs)
        others = [sorted({*range(n)} - {*some}) for n, some in ((count, left), (english, right))]
        gold = [f"{language}-{i:09}\ten-{j:09}\n" for i, j in zip(left, right, strict=True)]
        self._gold(task, language, "".join(gold))

        def made() -> Iterator[str]:
            while True:
                some = [one for one in gold if self.random.random() < 0.8]
                more = zip(*(self.random.sample(one, pairs // 4) for one in others), strict=True)
                yield "".join([*some, *(f"{language}-{i:09}\ten-{j:09}\n" for i, j in more)])

        self._say(task, language, made())


def main() -> None:
    """Make the entry, verify it three times, say what that cost."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(temporary)
        if not (root / "entries").is_dir():
            Made(root, ("random-answers", "others"))
        environment = {**os.environ, "XDG_CACHE_HOME": f"{temporary}/cache", "OMP_NUM_THREADS": "1"}
        missed = []
        for name, slug in (("first", "random-answers"), ("again", ""), ("another", "others")):
            folder = root / "entries" / (slug or "random-answers")
            if slug:
                (folder / "verified.json").unlink(missing_ok=True)
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            words = [sys.executable, "-m", "harness", "submission", "verify", str(folder)]
            subprocess.run(
                [*words, "--labels", str(root / "labels")],
                env=environment,
                check=True,
                stdout=subprocess.DEVNULL,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            peak = after.ru_maxrss / 2**20
            bound = BOUNDS.get(name, BOUNDS["first"])
            late = seconds > bound or peak > GIB
            missed += [name] if late else []
            print(
                f"{name}: {seconds:.1f} CPU s (bound {bound:.0f}), peak so far {peak:.2f} GiB"
                f" (bound {GIB:.0f}){' MISSED' if late else ''}",
                flush=True,
            )
    if missed:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
