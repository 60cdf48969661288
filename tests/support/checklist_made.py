"""Templates in MultiCheckList's form, of our own sentences, and suites as officially written."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.multichecklist.filling import Example

COMPARISONS = "A is COMP than B. Who is more / less COMP?"  # whose persons have male names
HEAD = ("Field", "en", "de", "de-placeholders", "de", "de-placeholders", "tr", "th")
ROWS: Sequence[Sequence[str]] = (
    ("Name", COMPARISONS),
    ("Capability", "Vocabulary"),
    ("Context", "{first_name} swims {adj[0]} than {first_name1}.",
     "{first_name} schwimmt {adj[0]} als {first_name1}.", "", "", "",
     "{first_name}, {first_name1} kadar değil, {adj[0]} yüzer.",
     "{first_name} {adj[0]} {first_name1}"),
    ("Question", "Who swims {adj[0]}?", "Wer schwimmt {adj[0]}?", "", "", "",
     "Kim {adj[0]} yüzer?", "{adj[0]}ใคร"),
    ("Answer", "{first_name}", "{first_name}", "", "", "", "{first_name}", "{first_name}"),
    ("Question", "Who is less {adj[1]} in the water?", "Wer ist im Wasser weniger {adj[1]}?",
     "quicker, deeper", "Wer hat im Wasser weniger {adj[1]}?", "bolder", "Kim az {adj[1]} yüzer?",
     "{adj[1]}น้อย"),
    ("Answer", "{first_name1}", "{first_name1}", "", "", "", "{first_name1}", "{first_name1}"),
    ("adj", "quicker, quick", "flinker, flink", "", "", "", "çabuk, çabuk", "เร็วกว่า เร็ว"),
    ("adj", "deeper, deep", "tiefer, tief", "", "", "", "derin, derin", "ลึกกว่า ลึก"),
    ("adj", "bolder, bold", "mutiger, Mut", "", "", "", "cesur, cesur", "กล้ากว่า กล้า"),
    (" ",),
    ("Name", "Two sides of a thing"),
    ("Capability", "Taxonomy"),
    ("Context", "We keep {obj[0]} here. {obj[1]} looks {p.v1} and {p.v2}.",
     "Wir haben hier {obj[0]}. {obj[1]} wirkt {p.v1} und {p.v2}.", "", "", "",
     "Burada {obj[0]} var. {obj[1]} {p.v1} ve {p.v2}.", "{obj[0]} {obj[1]} {p.v1} {p.v2}"),
    ("Question", "Of which {p.p1} is {obj[1]}?", "Welche {p.p1} hat {obj[1]}?", "tint, build",
     "Von welchem {p.p1} ist {obj[1]}?", "stuff", "{obj[1]} hangi {p.p1}?", "{p.p1} {obj[1]} 1"),
    ("Answer", "{p.v1}", "{p.v1}", "", "", "", "{p.v1}", "{p.v1}"),
    ("Question", "And of which {p.p2}?", "Und welche {p.p2} hat {obj[1]}?", "tint, build",
     "Und von welchem {p.p1} ist {obj[1]}?", "stuff", "Ya {p.p2}?", "{p.p2} {obj[1]} 2"),
    ("Answer", "{p.v2}", "{p.v2}", "", "", "", "{p.v2}", "{p.v2}"),
    ("obj", "a kettle, the kettle", "ein Kessel, der Kessel", "", "", "", "bir ibrik, ibrik",
     "กา กานั้น"),
    ("obj", "a spoon, the spoon", "ein Löffel, der Löffel", "", "", "", "bir kaşık, kaşık",
     "ช้อน ช้อนนั้น"),
    ("tint", "pale", "blass", "kettle", "blasser", "a spoon, the spoon", "soluk", "ซีด"),
    ("tint", "dark", "dunkel", "", "", "", "koyu", "เข้ม"),
    ("build", "narrow", "schmal", "", "", "", "dar", "แคบ"),
    ("stuff", "tin", "blechern", "", "", "", "teneke", "ดีบุก"),
    ("property", "tint", "Farbe", "", "", "", "renkte", "สี"),
    ("property", "build", "Form", "", "", "", "yapıda", "ทรง"),
    ("property", "stuff", "Stoff", "", "", "", "maddede", "วัสดุ"),
    ("",),
    ("Name", "A plant and a tool"),
    ("Capability", "Taxonomy"),
    ("Context", "{first_name} has {plant} and {tool}.", "{first_name} hat {plant} und {tool}.", "",
     "", "", "{first_name}: {plant}ı, {tool}ı.", "{first_name} {plant} {tool}"),
    ("Context", "{first_name} has {tool} and {plant}.", "", "", "", "",
     "{first_name}: {tool}ı, {plant}a.", "{first_name} {tool} {plant}"),
    ("Question", "Which plant has {first_name}?", "Welche Pflanze hat {first_name}?", "", "", "",
     "Hangi bitki?", "{first_name} 1"),
    ("Answer", "{plant}", "{plant}", "", "", "", "{plant}ı", "{plant}"),
    ("plant", "a fern", "ein Farn", "{first_name} has {plant} and {tool}.", "den Farn",
     "{first_name} lost {plant}. {first_name2} did not., {first_name}", "eğrelti", "เฟิร์น"),
    ("plant", "a rose", "eine Rose", "", "", "", "gül", "กุหลาบ"),
    ("tool", "a rake", "eine Harke", "", "", "", "tırmık", "คราด"),
    ("tool", "a spade", "", "", "", "", "kürek", "พลั่ว"),
    ("",),
    ("Name", "A plant again"),
    ("Capability", "Taxonomy"),
    ("Context", "{first_name} lost {plant}. {first_name2} did not.",
     "{first_name} suchte {plant}. {first_name2} nicht.", "", "", "",
     "{first_name} {plant} aradı. {first_name2} aramadı.", "{first_name} {plant} {first_name2}"),
    ("Question", "Who lost a plant?", "Wer suchte?", "", "", "", "Kim aradı?", "ใคร"),
    ("Answer", "{first_name}", "{first_name}", "", "", "", "{first_name}", "{first_name}"),
)  # fmt: skip


def table(rows: Sequence[Sequence[str]] = ROWS, head: Sequence[str] = HEAD) -> str:
    return "".join("\t".join(row) + "\n" for row in (head, *rows))


def changed(line: int, cells: Mapping[int, str]) -> str:
    """Return the templates with cells (from 0) of a line (from 1, the head) in their place."""
    rows = [list(row) for row in (HEAD, *ROWS)]
    rows[line - 1] += [""] * (max(cells) + 1 - len(rows[line - 1]))
    for place, text in cells.items():
        rows[line - 1][place] = text
    return table(rows[1:], rows[0])


def official(examples: Sequence[Example], folder: Path, language: str) -> Path:
    """Write a suite as TestSuite.to_raw_file does: no answers, no title, ids by number."""
    data = [
        {"title": "", "paragraphs": [
            {"context": e.context, "qas": [{"question": e.question, "id": str(i)}]}
        ]}
        for i, e in enumerate(examples)
    ]  # fmt: skip
    folder.mkdir(exist_ok=True)
    path = folder / f"{language}_squad_suite.json"
    path.write_text(json.dumps({"version": "fake", "data": data}))
    return path
