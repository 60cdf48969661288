"""The concern of safety: nothing that harms who reads, shows or stores the entry."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Any, ClassVar
from urllib.parse import urlsplit

from harness.errors import HarnessError
from harness.submission import strict_json
from harness.submission.entry import SUBMISSION
from harness.submission.findings import ERROR, Finding, finding
from harness.submission.incoming import Incoming
from harness.submission.listing import is_archive
from harness.submission.plain_text import excess_of, fault_of

MULTILINE = ("notes", "withdrawn")  # whose texts may hold LF
READ = (".tsv", ".json", ".jsonl")  # endings of prediction files; others are stray

# Blank, though Unicode does not count them among the controls: fillers and joiners
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_SUSPECT = re.compile(r"\\[bfnrtu]|[^ -~]")  # in a text of JSON
_HOST = re.compile(
    r"([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z][A-Za-z0-9-]*[A-Za-z0-9]"
)
_IN_URL = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]*")


class SafetyConcern:
    """Links, names, sizes, encodings, hidden characters, URLs and archives."""

    name: ClassVar[str] = "safety"
    rests_on: ClassVar[tuple[str, ...]] = ()

    def __init__(self, *, predictions: bool = True) -> None:
        """Say whether the prediction files are read, too; they are listed in any case."""
        self._predictions = predictions

    def look(self, incoming: Incoming) -> Iterator[Finding]:
        """Yield the findings; no file is opened if something is wrong with what lies there."""
        listed = list(incoming.listing.findings)
        if incoming.elsewhere:
            listed += incoming.predictions.findings
        yield from listed
        if any(one.severity is ERROR for one in listed):
            return
        yield from _of_submission(incoming)
        for path in incoming.predictions.files if self._predictions else ():
            if path.endswith(READ):
                yield from _of_predictions(incoming, path)


def url_fault(url: str) -> str:
    """Return why a URL is not plain https with a host's name, "" if it is."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "no URL"
    host = parts.netloc
    faults = (
        (not _IN_URL.fullmatch(url), "a character that must be written %xx"),
        (not url.startswith("https://"), f"the scheme {parts.scheme!r:.20}"),
        ("@" in host, "a user name before the host"),
        (port is not None or host.endswith(":"), "a port"),
        (not _HOST.fullmatch(host) or len(host) > 253, "an IP address, or no full name of a host"),
    )
    return next((why for wrong, why in faults if wrong), "")


def _of_submission(incoming: Incoming) -> Iterator[Finding]:
    """Yield what is wrong with submission.json, as text and as JSON."""
    file = incoming.shown(SUBMISSION)
    if SUBMISSION not in incoming.listing.files:
        remedy = "write it: `harness submission import` and `pack` do"
        yield finding("F305", file, "no submission.json", "submission.json", remedy=remedy)
        return
    try:
        value, raw = incoming.value, incoming.submission.raw
    except HarnessError as error:
        yield _unread(file, error)
        return
    except strict_json.Refused as error:
        yield _refused(file, error)
        return
    lines: dict[str, int] = {}
    for code, pointer, found, expected, remedy in (*_hidden(value), *_urls(value)):
        lines = lines or strict_json.lines_of(raw)
        line = lines.get(pointer, 0)
        yield finding(code, file, found, expected, remedy=remedy, line=line, pointer=pointer)


def _of_predictions(incoming: Incoming, path: str) -> Iterator[Finding]:
    """Yield what is wrong with a prediction file as text, and as JSON where it is JSON."""
    try:
        file = incoming.read(path)
    except HarnessError as error:
        yield _unread(incoming.shown(f"predictions/{path}"), error)
        return
    if is_archive(path, file.raw):
        yield finding("X108", file.name, "an archive by its first bytes", "plain text")
    elif fault := fault_of(file.raw):
        remedy = "save it as UTF-8 with LF or CR LF"
        yield finding(
            "X104", file.name, fault.found, fault.expected, remedy=remedy, line=fault.line
        )
    elif not path.endswith(".json") and (over := excess_of(file.raw)):
        yield finding("X103", file.name, over.found, over.expected, line=over.line)
    elif not path.endswith(".tsv"):  # XTREME's JSON files are one line
        try:
            if path.endswith(".json"):
                strict_json.loads(file.raw)
            else:
                _look_at_lines(file.raw)
        except strict_json.Refused as error:
            yield _refused(file.name, error)


def _look_at_lines(raw: bytes) -> None:
    """Refuse JSON lines of which one is not strict JSON; blank ones are left to the format.

    All are looked at in one pass, as an array whose values are on the same lines. An open bracket
    spills into the lines after it, so the line that is broken is looked for then.

    Raises:
        Refused: A line is not strict JSON.
    """
    lines = [line.strip() or b"null" for line in raw.removesuffix(b"\n").split(b"\n")]
    try:
        strict_json.loads(b"[" + b",\n".join(lines) + b"]")
    except strict_json.Refused:
        for number, line in enumerate(lines, 1):
            try:
                json.loads(line)
            except (ValueError, RecursionError):
                _look_at_line(line, number)
        raise


def _look_at_line(line: bytes, number: int) -> None:
    """Refuse a line of JSON lines, by its number, if it is not strict JSON."""
    try:
        strict_json.loads(line)
    except strict_json.Refused as error:
        raise strict_json.Refused(error.code, number, error.found, error.expected) from None


def _refused(file: str, error: strict_json.Refused) -> Finding:
    remedy = f"write {error.expected}"
    return finding(error.code, file, error.found, error.expected, line=error.line, remedy=remedy)


def _unread(file: str, error: HarnessError) -> Finding:
    return finding("X101", file, str(error).removeprefix(f"{file}: "), "a plain, readable file")


_Told = tuple[str, str, str, str, str]  # code, pointer, found, expected, remedy


def _hidden(value: Any) -> Iterator[_Told]:
    """Yield the first character of each text and key that does not show what it does."""
    if isinstance(value, dict):  # the whole is looked at in one go, since it is nearly always clean
        rest = {key: inner for key, inner in value.items() if key not in MULTILINE}
        if not _SUSPECT.search(json.dumps(rest, ensure_ascii=False)):
            value = {key: inner for key, inner in value.items() if key in MULTILINE}
    for pointer, text, is_key in _texts(value, ""):
        if text.isascii() and text.isprintable():
            continue
        allowed = "\n" if pointer[1:] in MULTILINE and not is_key else ""
        for position, sign in enumerate(text, 1):
            if sign not in allowed and _is_hidden(sign):
                called = unicodedata.name(sign, "a control character")
                found = f"U+{ord(sign):04X} ({called}) at character {position}"
                found += " of a key" if is_key else ""
                yield "X105", pointer, found, "characters that are seen", "remove it"
                break


def _is_hidden(sign: str) -> bool:
    if sign.isascii():
        return not sign.isprintable()
    return unicodedata.category(sign) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") or bool(
        _BLANK.match(sign)
    )


def _texts(value: Any, pointer: str) -> Iterator[tuple[str, str, bool]]:
    """Yield pointer and text of each string and key, and whether it is a key."""
    if isinstance(value, str):
        yield pointer, value, False
    elif isinstance(value, dict):
        for key, inner in value.items():
            below = f"{pointer}/{strict_json.escaped(key)}"
            yield below, key, True
            yield from _texts(inner, below)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{pointer}/{index}")


def _urls(value: Any) -> Iterator[_Told]:
    """Yield the URLs that a reader must not be sent to."""
    if not isinstance(value, dict):
        return
    for field, only in (("links", ""), ("submitter", "url"), ("source", "url")):
        inner = value.get(field)
        for key, url in inner.items() if isinstance(inner, dict) else ():
            if isinstance(url, str) and only in ("", key) and (why := url_fault(url)):
                pointer = f"/{field}/{strict_json.escaped(key)}"
                remedy = "give the address of a page, without user name, port or script"
                found = f"{why}: {url[:100]!r}"
                yield "X106", pointer, found, "https://host.name/path", remedy
