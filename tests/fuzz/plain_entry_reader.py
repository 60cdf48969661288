"""A slow, simple reading of an entry by the page that describes submissions, nothing else.

It shares no code with the harness. It names what the page calls broken beyond doubt, by the first
letter of the finding's code, and is silent on all else: it knows no labels and scores nothing.
"""

import hashlib
import json
import math
import os
import re
import stat
import unicodedata
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SLUG = r"[a-z0-9][a-z0-9-]{1,62}"
HEX = r"[0-9a-f]{64}"
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff"
ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".xz", ".bz2", ".7z", ".zst")
FLAVOURS = ["zero-shot", "translate-train", "translate-test", "few-shot", "supervised"]
CHOSEN_BY = ["english-dev", "last", "target-dev", "test", "unknown"]
NLI = {"entailment", "neutral", "contradiction"}
MINI = "en de es zh ar hi sw".split()
RETRIEVAL = ("bucc2018", "tatoeba")
TASKS = "xnli pawsx udpos panx xquad mlqa tydiqa bucc2018 tatoeba".split()
QA = ("xquad", "mlqa", "tydiqa")


class BrokenError(Exception):
    """The page calls the entry broken; ``args`` say the letter and why."""


def need(condition: object, letter: str, why: str) -> None:
    if not condition:
        raise BrokenError(letter, why)


def broken(folder: Path, others: dict[str, Any]) -> tuple[str, str] | None:
    """Return the letter of the code and why an entry is broken, None if nothing was seen.

    Args:
        folder: The entry's folder.
        others: Slug to values of the entries beside it.
    """
    try:
        files = walked(folder)
        value = strict((folder / "submission.json").read_bytes())
        if isinstance(value, dict) and value.get("format") == 1:
            return None
        for name, text in texts(value, ""):
            visible(name, text)
        schema(value, folder.name)
        baseline(value, others)
        predictions(folder, files, value)
        claims(value)
        zero_shot(value)
    except BrokenError as error:
        return error.args[0], error.args[1]
    return None


# What lies there


def walked(folder: Path) -> list[str]:
    files = []
    for above, folders, names in os.walk(folder):
        for name in folders + names:
            path = Path(above, name)
            state = path.lstat()
            plain = stat.S_ISREG(state.st_mode) or stat.S_ISDIR(state.st_mode)
            need(plain, "X", f"{name}: neither file nor folder")
            need(re.fullmatch(r"[a-z0-9._-]{1,64}", name), "X", f"{name!r}: name")
            need(len(path.relative_to(folder).parts) <= 5, "X", f"{name}: too deep")
            if stat.S_ISREG(state.st_mode):
                need(state.st_nlink == 1, "X", f"{name}: hard link")
                need(state.st_size <= 32 << 20, "X", f"{name}: too large")
                need(not name.endswith(ARCHIVES), "X", f"{name}: archive")
                files.append(path.relative_to(folder).as_posix())
    need(len(files) <= 5000, "X", "too many files")
    need("submission.json" in files, "F", "no submission.json")
    need((folder / "submission.json").stat().st_size <= 1 << 20, "X", "too large")
    return files


def strict(raw: bytes) -> Any:
    text = plain(raw)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len({key for key, _ in items}) == len(items), "X", "a key twice")
        return dict(items)

    def constant(word: str) -> Any:
        raise BrokenError("X", word)

    def number(word: str) -> float | int:
        need(sum(c.isdigit() for c in word) <= 40, "X", "a long number")
        made = float(word)
        need(math.isfinite(made), "X", "an endless number")
        return int(word) if re.fullmatch(r"-?\d+", word) else made

    try:
        value = json.loads(
            text,
            object_pairs_hook=pairs,
            parse_constant=constant,
            parse_int=number,
            parse_float=number,
        )
        json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise BrokenError("X", f"not JSON: {error!r:.60}") from None
    need(depth(value) <= 16, "X", "too deep")
    return value


def plain(raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenError("X", "not UTF-8") from None
    need(not text.startswith("\ufeff"), "X", "BOM")
    need("\0" not in text, "X", "NUL")
    need("\r" not in text.replace("\r\n", ""), "X", "a bare CR")
    return text


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    is_container = isinstance(value, (dict, list))
    return is_container + max((depth(one) for one in inner), default=0)


def texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield "key", key
            yield from texts(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one, name)


def visible(name: str, text: str) -> None:
    for letter in text:
        if letter == "\n" and name in ("notes", "withdrawn"):
            continue
        need(unicodedata.category(letter) != "Cc", "X", f"{name}: a control character")
        need(letter not in BIDI + INVISIBLE, "X", f"{name}: {letter!r}")


# What submission.json says: the table of fields, row by row


def text(value: Any, most: int) -> bool:
    return isinstance(value, str) and len(value) <= most


def count(value: Any) -> bool:
    return number(value) and value == int(value) and value >= 0


def number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def fields(value: Any, must: str, may: str, where: str) -> None:
    need(isinstance(value, dict), "S", f"{where}: no object")
    for key in must.split():
        need(key in value, "S", f"{where}: no {key}")
    for key in value:
        need(key in (must + " " + may).split(), "S", f"{where}: unknown {key}")


def url(value: Any) -> None:
    need(text(value, 300), "S", "URL")
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise BrokenError("X", "no URL") from None
    need(parts.scheme == "https" and parts.netloc, "X", "URL not https")
    need(port is None and "@" not in parts.netloc, "X", "URL with port or user")
    host = parts.hostname or ""
    need(not re.fullmatch(r"[0-9.]+", host) and ":" not in host, "X", "URL of an address")


def schema(value: Any, folder: str) -> None:
    must = "format slug title submitter kind benchmark partial date licence model intermediate"
    must += " baseline training"
    fields(value, must, "links runs claims source manifest notes withdrawn retrieval", "entry")
    need(number(value["format"]) and value["format"] == 2, "S", "format")
    need(isinstance(value["slug"], str) and re.fullmatch(SLUG, value["slug"]), "S", "slug")
    need(value["slug"] == folder, "S", "slug is not the folder")
    need(text(value["title"], 80), "S", "title")
    fields(value["submitter"], "name", "affiliation url", "submitter")
    need(text(value["submitter"]["name"], 80), "S", "submitter's name")
    need(isinstance(value["submitter"].get("affiliation", ""), str), "S", "affiliation")
    if "url" in value["submitter"]:
        url(value["submitter"]["url"])
    need(value["kind"] in ("runs", "published"), "S", "kind")
    need(value["benchmark"] in ("xtreme", "xtreme-r", "mini"), "S", "benchmark")
    need(text(value["partial"], 200), "S", "partial")
    need(isinstance(value["licence"], str), "S", "licence")
    need(isinstance(value["date"], str) and day(value["date"]), "S", "date")
    fields(value.get("links", {}), "", "paper code model predictions", "links")
    for one in value.get("links", {}).values():
        url(one)
    model(value["model"])
    need(isinstance(value["intermediate"], list), "S", "intermediate")
    for stage in value["intermediate"]:
        check_stage(stage)
    training(value["training"])
    need(isinstance(value.get("retrieval", {}), dict), "S", "retrieval")
    for how in value.get("retrieval", {}).values():
        fields(how, "pooling layer", "layers", "vectors")
        need(isinstance(how["pooling"], str), "S", "pooling")
        need(all(how.get(k) is None or count(how[k]) for k in ("layer", "layers")), "S", "layer")
    kind(value)
    need(text(value.get("notes", ""), 1000), "S", "notes")
    need(text(value.get("withdrawn", ""), 1000), "S", "withdrawn")


def day(value: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII) and date.fromisoformat(value))
    except ValueError:
        return False


def model(value: Any) -> None:
    may = "revision fingerprint parameters_body pretraining"
    fields(value, "name base parameters weights", may, "model")
    need(isinstance(value["name"], str) and isinstance(value["base"], str), "S", "model's name")
    need(value["weights"] in ("open", "closed", "unknown"), "S", "weights")
    for key in ("parameters", "parameters_body"):
        need(value.get(key) is None or count(value[key]), "S", key)
    mark = value.get("fingerprint")
    need(mark is None or (isinstance(mark, str) and re.fullmatch(HEX, mark)), "S", "fingerprint")
    before = value.get("pretraining", {})
    fields(before, "", "languages tokens parallel corpora", "pretraining")
    for key in ("languages", "parallel"):
        need(before.get(key) is None or count(before[key]), "S", key)
    need(before.get("tokens") is None or number(before["tokens"]), "S", "tokens")
    need(isinstance(before.get("corpora", []), list), "S", "corpora")


def check_stage(value: Any) -> None:
    fields(value, "tasks", "mlm sampling", "stage")
    need(isinstance(value["tasks"], list), "S", "tasks")
    for task in value["tasks"]:
        check_set(task)
    need(number(value.get("mlm", 0)) and 0 <= value.get("mlm", 0) <= 1, "S", "mlm")


def check_set(value: Any) -> None:
    fields(value, "name languages translated examples", "", "task")
    need(isinstance(value["name"], str) and isinstance(value["languages"], list), "S", "task")
    need(isinstance(value["translated"], bool), "S", "translated")
    need(value["examples"] is None or count(value["examples"]), "S", "examples")


def training(value: Any) -> None:
    fields(value, "languages regime selection recipe tried", "extra", "training")
    need(isinstance(value.get("extra", []), list), "S", "extra")
    for one in value.get("extra", []):
        check_set(one)
    need(isinstance(value["languages"], list), "S", "languages")
    need(all(isinstance(code, str) for code in value["languages"]), "S", "languages")
    need(value["regime"] in FLAVOURS, "S", "regime")
    need(value["selection"] in CHOSEN_BY, "S", "selection")
    need(isinstance(value["recipe"], str), "S", "recipe")
    need(count(value["tried"]) and value["tried"] >= 1, "S", "tried")


def kind(value: Any) -> None:
    if value["kind"] == "published":
        need("claims" in value and "source" in value, "S", "published without claims or source")
    else:
        need("runs" in value, "S", "no runs")
    if "source" in value:
        fields(value["source"], "citation where url", "", "source")
        need(text(value["source"]["citation"], 300), "S", "citation")
        url(value["source"]["url"])
    if "manifest" in value:
        may = "harness git python torch transformers device precision data"
        fields(value["manifest"], "", may, "manifest")
    runs = value.get("runs", [{}])
    need(isinstance(runs, list) and 1 <= len(runs) <= 20, "S", "number of runs")
    for run in value.get("runs", []):
        fields(run, "id seed intermediate_run files", "", "run")
        need(isinstance(run["id"], str) and re.fullmatch(r"[a-z0-9-]{1,24}", run["id"]), "S", "id")
        need(number(run["seed"]) and run["seed"] == int(run["seed"]), "S", "seed")
        went_on = run["intermediate_run"]
        need(went_on is None or isinstance(went_on, str), "S", "intermediate_run")
        need(isinstance(run["files"], dict), "S", "files")
        for sha in run["files"].values():
            need(isinstance(sha, str) and re.fullmatch(HEX, sha), "S", "hash")


def baseline(value: Any, others: dict[str, Any]) -> None:
    slug = value["baseline"]
    need((slug is None) == (value["intermediate"] == []), "S", "baseline and intermediate")
    if slug is None:
        return
    need(isinstance(slug, str) and slug in others, "S", "baseline names no entry")
    other = others[slug]
    need(other["model"]["base"] == value["model"]["base"], "S", "baseline of another base")
    need(other["benchmark"] == value["benchmark"], "S", "baseline of another benchmark")


# Its predictions


def predictions(folder: Path, files: list[str], value: Any) -> None:
    runs = [run["id"] for run in value.get("runs", [])]
    beside = [path for path in files if not path.startswith("predictions/")]
    for path in beside:
        allowed = path in ("submission.json", "verified.json") or path.startswith("statistics/")
        need(allowed, "F", f"{path}: stray")
    there = [path.removeprefix("predictions/") for path in files if path not in beside]
    if not there:
        return
    need(runs, "F", "predictions without runs")
    if len(runs) == 1 and not any(path.startswith(f"{runs[0]}/") for path in there):
        there = [f"{runs[0]}/{path}" for path in there]
        place = dict.fromkeys(there, folder / "predictions")
        at = {path: place[path] / path.partition("/")[2] for path in there}
    else:
        at = {path: folder / "predictions" / path for path in there}
    stated = {f"{r['id']}/{p}": sha for r in value["runs"] for p, sha in r["files"].items()}
    for path in there:
        run, _, rest = path.partition("/")
        need(run in runs, "F", f"{path}: no such run")
        need(path in stated, "F", f"{path}: not stated")
        raw = at[path].read_bytes()
        need(hashlib.sha256(raw).hexdigest() == stated[path], "F", f"{path}: hash")
        if value["benchmark"] == "mini":
            prediction(rest, raw)
    for path in stated:
        need(path in there, "F", f"{path}: stated, not there")


def prediction(path: str, raw: bytes) -> None:
    task, _, name = path.partition("/")
    need(task in TASKS, "F", f"{task}: no task")
    ending = "json" if task in QA else "tsv"
    match = re.fullmatch(rf"test-([a-z]+)\.{ending}", name)
    need(match, "F", f"{name}: stray")
    languages = MINI[1:] if task in RETRIEVAL else MINI
    need(match and match[1] in languages, "F", f"{name}: language")
    if task in QA:
        answers = strict(raw)
        need(isinstance(answers, dict), "P", "no answers by id")
        for answer in answers.values():
            need(text(answer, 10_000), "P", "an answer that is no text")
        return
    lines = plain(raw).replace("\r\n", "\n").removesuffix("\n").split("\n") if raw else []
    for line in lines:
        need(len(line.encode()) <= 100_000, "X", "a long line")
        line = line.strip()  # as XTREME's own scorer reads it
        if task == "xnli":
            need(line in NLI, "P", f"label {line!r:.40}")
        elif task == "pawsx":
            need(line in ("0", "1"), "P", f"label {line!r:.40}")
        elif task == "tatoeba":
            need(re.fullmatch(r"\d+", line, re.ASCII), "P", f"index {line!r:.40}")
        elif task == "bucc2018":
            need(line.count("\t") == 1, "P", f"pair {line!r:.40}")


# What it claims


def claims(value: Any) -> None:
    said = value.get("claims", {})
    need(isinstance(said, dict), "S", "claims")
    for task, languages in said.items():
        if task == "overall":
            points(languages)
            continue
        need(isinstance(languages, dict), "S", f"claims of {task}")
        for metrics in languages.values():
            if task == "groups":
                points(metrics)
                continue
            need(isinstance(metrics, dict), "S", f"claims of {task}")
            for one in metrics.values():
                points(one)
    if value["benchmark"] != "mini":
        return
    for task, languages in said.items():
        expected = MINI[1:] if task in RETRIEVAL else MINI
        if task not in TASKS or "mean" not in languages:
            continue
        for metric, mean in languages["mean"].items():
            parts = [languages.get(code, {}).get(metric) for code in expected]
            if None not in parts:
                follows = abs(sum(parts) / len(parts) - mean) <= 0.0501
                need(follows, "C", f"{task}: mean does not follow")


def points(value: Any) -> None:
    need(number(value), "S", "no number")
    need(0 <= value <= 100, "SC", "beyond 0 to 100")


def zero_shot(value: Any) -> None:
    if value["training"]["regime"] == "zero-shot" and value["benchmark"] == "mini":
        seen = set(value["training"]["languages"]) & set(MINI[1:])
        need(not seen, "D", f"zero-shot, trained on {seen}")
