"""What others wrote does no harm where it is shown."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from harness.display.findings_text import (
    escape_annotation,
    escape_markdown,
    escape_terminal,
    message_of,
    report_annotations,
    report_json,
    report_text,
)
from harness.submission.findings import Finding, finding
from harness.submission.validate import Report, Validated

HOSTILE = "x\x1b[31m\u202e\r\n::error::%0A,y:z|`@all<b>"


def report_of(*findings: Finding) -> Report:
    return Report((Validated(Path("entries/plain"), findings),))


@given(st.text(st.characters()))
def test_nothing_steers_a_terminal(text: str) -> None:
    assert escape_terminal(text).isprintable()
    escape_terminal(text).encode()


def test_plain_text_stays() -> None:
    for text in ("", "Größe 10 %", "中文 हिन्दी"):
        assert escape_terminal(text) == text


@given(st.text())
def test_nothing_is_markdown(text: str) -> None:
    shown = escape_markdown(text)
    assert not set(shown) & set("<>`|@*_~[]()!\\\"'$:\n\r\x1b\u202e") and "www." not in shown


def test_markdown() -> None:
    assert escape_markdown("a|b @c") == "a&#124;b &#64;c"
    assert escape_markdown("<b>&") == "&#60;b&#62;&#38;"


@given(st.text(), st.text())
def test_an_annotation_is_one_line_with_two_marks(name: str, text: str) -> None:
    one = finding("F304", f"plain/{name}", text, pointer=f"/{name}", line=3)
    shown = report_annotations(report_of(one))
    assert "\n" not in shown and "\r" not in shown
    assert shown.startswith("::error file=") and shown.count("::") == 2
    place = shown.split("::")[1]
    assert place.count(",") == 2 and place.count(":") == 0


def test_annotations_escape_as_the_runner_decodes() -> None:
    assert escape_annotation("50%: a\nb, c::d") == "50%25: a\\nb, c: :d"
    assert "::" not in escape_annotation("a:::b") and "::" not in escape_annotation("a::::")
    assert escape_annotation("50%: a, b", is_property=True) == "50%25%3A a%2C b"


def test_a_finding_is_one_line_of_text() -> None:
    one = finding("S202", f"plain/{HOSTILE}", HOSTILE, line=7, pointer="/a", near="title")
    first, last = report_text(report_of(one)).split("\n")
    assert first.startswith("error S202 plain/x\\x1b[31m\\u202e") and ":7 /a: x" in first
    assert first.endswith("did you mean title?") and last == "1 entry: 1 error"
    assert report_text(report_of()) == "1 entry: nothing found"
    assert report_annotations(report_of()) == ""


def test_json_is_ascii() -> None:
    assert report_json(report_of(finding("S202", "plain", HOSTILE))).isascii()


def test_the_nearest_name_is_said_once() -> None:
    one = finding("S202", "a", "b", "c", near="title", remedy="write `title`")
    assert message_of(one) == "b; expected c; write `title`"
