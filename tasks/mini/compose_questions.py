"""Writes the question-answering files of the mini data set (XQuAD, MLQA, TyDi QA, SQuAD).

The passages, questions and answers of the test files and of the SQuAD development
file are authored by hand in ``authored/``; the English training questions are composed
here from templates. Answer positions are computed, and the files under ``xtreme/`` lose
their answers as XTREME's do. Running the script again writes the same bytes.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypedDict

HERE = Path(__file__).resolve().parent
LANGUAGES = {
    "en": "english",
    "de": "german",
    "es": "spanish",
    "zh": "chinese",
    "ar": "arabic",
    "hi": "hindi",
    "sw": "swahili",
}
XQUAD_QUESTIONS = (0, 1)
MLQA_QUESTIONS = (2, 3)
TYDIQA_QUESTIONS = (0, 2)


class Answer(TypedDict):
    """An answer and its position in the context, in code points."""

    answer_start: int
    text: str


class Question(TypedDict):
    """A question with its reference answers."""

    answers: list[Answer]
    question: str
    id: str


class Paragraph(TypedDict):
    """A context with its questions."""

    context: str
    qas: list[Question]


class Article(TypedDict, total=False):
    """A titled list of paragraphs."""

    title: str
    paragraphs: list[Paragraph]


class AuthoredQuestion(TypedDict, total=False):
    """A question as authored: with one answer, or with several."""

    question: str
    answer: str
    answers: list[str]


class AuthoredPassage(TypedDict):
    """A passage as authored."""

    title: str
    context: str
    questions: list[AuthoredQuestion]


NAMES = (
    "Alma Reyes",
    "Boris Lindt",
    "Celia Okafor",
    "David Marsh",
    "Edith Novak",
    "Felix Amadi",
    "Greta Solberg",
    "Hassan Karim",
    "Ines Duarte",
    "Jonas Weber",
    "Kofi Mensah",
    "Laila Haddad",
    "Marco Rossi",
    "Nadia Petrova",
    "Oscar Lund",
    "Priya Nair",
    "Ravi Menon",
    "Sofia Castro",
    "Tomas Hruby",
    "Uma Desai",
)
PLACES = (
    "Ardal",
    "Brenna",
    "Corvo",
    "Delmar",
    "Estov",
    "Farran",
    "Gelden",
    "Halmo",
    "Istra",
    "Jorvan",
    "Kelso",
    "Lirado",
    "Morvik",
    "Nambe",
    "Oldro",
    "Pellan",
    "Quist",
)
COUNTS = (
    "fourteen",
    "sixteen",
    "seventeen",
    "twenty-one",
    "twenty-six",
    "thirty-three",
    "forty-two",
    "forty-eight",
    "fifty-five",
    "sixty-three",
    "seventy-nine",
    "eighty-one",
    "ninety-four",
)
GOODS = (
    "silk",
    "copper",
    "dried fish",
    "olive oil",
    "timber",
    "wool",
    "pepper",
    "glass beads",
    "paper",
    "candles",
    "leather",
    "honey wine",
)
EVENTS = (
    "a flood",
    "an earthquake",
    "a landslide",
    "a strike of the workers",
    "a long drought",
    "a fire in the cellar",
    "a lack of money",
    "a plague of rats",
)
BEASTS = (
    "otters",
    "storks",
    "wild bees",
    "seals",
    "hedgehogs",
    "black swans",
    "lizards",
    "bats",
    "turtles",
    "wolves",
    "eagles",
)
DAYS = (
    "3 March",
    "17 April",
    "29 May",
    "8 June",
    "21 July",
    "12 August",
    "5 September",
    "30 October",
    "11 November",
    "24 January",
    "19 February",
)

# An opening sentence, further sentences in any order, and questions with answers.
# Slots: {a} {b} names, {p} {q} places, {y} {z} years, {n} {m} number words, {g} {h} goods,
# {e} an event, {w} animals, {d} a day, {k} a number in digits.
Template = tuple[str, tuple[str, ...], tuple[tuple[str, str], ...]]
SQUAD_TEMPLATES: tuple[Template, ...] = (
    (
        "The water mill of {p} stands on the bank of a small stream at the end of the village.",
        (
            "It was built in {y} by {a}, whose family had traded in {g} for generations.",
            "In {z} the mill had to be given up because of {e}.",
            "The great wheel weighs {k} kilograms and is made of oak.",
            "Nowadays a room under the roof serves as a shelter for {w}.",
        ),
        (
            ("Who built the water mill of {p}?", "{a}"),
            ("How heavy is the great wheel of the mill in {p}?", "{k} kilograms"),
            ("Why did the mill in {p} have to be given up?", "{e}"),
            ("For which animals is there a shelter under the roof of the mill in {p}?", "{w}"),
        ),
    ),
    (
        "{a} was a doctor who became known for her work in the mountains around {p}.",
        (
            "Every spring she travelled by mule to {n} villages that had no road.",
            "On {d} {y} she opened a small hospital there with the help of her brother {b}.",
            "The patients who had no money often paid her with {g}.",
            "A school in {q} has carried her name since {z}.",
        ),
        (
            ("How many villages did {a} travel to?", "{n}"),
            ("When did {a} open a small hospital?", "{d} {y}"),
            ("What did patients without money pay {a} with?", "{g}"),
            ("Where is the school that carries the name of {a}?", "{q}"),
        ),
    ),
    (
        "The market hall of {p} is the largest building in the lower part of the city.",
        (
            "{a} drew the plans in {y}, when he was still a student.",
            "Under the iron roof there are {n} stands, most of which sell {g}.",
            (
                "In the year {z} the roof was damaged during {e},"
                " and the hall stayed empty for a winter."
            ),
            "The clock above the entrance was a gift from the city of {q}.",
        ),
        (
            ("Who drew the plans of the market hall of {p}?", "{a}"),
            ("How many stands are there in the market hall of {p}?", "{n}"),
            ("During what was the roof of the market hall of {p} damaged?", "{e}"),
            ("Which city gave the clock above the entrance in {p}?", "{q}"),
        ),
    ),
    (
        "The strait between {p} and {q} is only a few kilometres wide but difficult to sail.",
        (
            "Strong currents have sunk {n} ships there since records began.",
            "The best known of them was carrying {g} when it went down on {d} {y}.",
            "The wreck was discovered by the diver {a}, who had been looking for a lost anchor.",
            "Today the rocks on both sides are home to {w}.",
        ),
        (
            ("What was the best known ship in the strait near {p} carrying?", "{g}"),
            ("Who discovered the wreck between {p} and {q}?", "{a}"),
            ("How many ships have sunk in the strait between {p} and {q}?", "{n}"),
            ("What had {a} been looking for?", "a lost anchor"),
        ),
    ),
    (
        "The newspaper The {p} Messenger appeared for the first time on {d} {y}.",
        (
            "Its founder, the printer {a}, wrote all the articles of the first year himself.",
            "For a long time the paper was printed in a cellar that smelled of {g}.",
            "The number of readers rose quickly after a report about {e}.",
            "Since {z} the editor has been {b}, the first woman in this post.",
        ),
        (
            ("When did The {p} Messenger appear for the first time?", "{d} {y}"),
            ("Who founded The {p} Messenger?", "{a}"),
            ("A report about what made the number of readers of the {p} paper rise?", "{e}"),
            ("Who is the first woman to be editor of The {p} Messenger?", "{b}"),
        ),
    ),
    (
        "The nature park of {p} was set up in {y} to protect the last {w} of the region.",
        (
            "It covers an area of {k} hectares and is crossed by a single road.",
            "The first warden, {a}, lived in a hut without electricity.",
            "In {z} visitors were kept out for months because of {e}.",
            "From the tower in {q} one can see the whole park.",
        ),
        (
            ("Which animals was the nature park of {p} meant to protect?", "{w}"),
            ("How large is the nature park of {p}?", "{k} hectares"),
            ("Who was the first warden of the park of {p}?", "{a}"),
            ("From where can one see the whole park of {p}?", "{q}"),
        ),
    ),
    (
        "In the old days caravans carried {g} from {p} to the coast.",
        (
            "The journey took {n} days, and the travellers rested in {q} half way.",
            "The guides found their way by the stars, as {a} reports in a book of {y}.",
            "At the coast the goods were exchanged for {h}.",
            "The last caravan set out in {z}, when the railway was already being built.",
        ),
        (
            ("How long did the journey of the caravans from {p} take?", "{n} days"),
            ("Where did the travellers from {p} rest?", "{q}"),
            ("For what were the goods from {p} exchanged?", "{h}"),
            ("How did the guides from {p} find their way?", "by the stars"),
        ),
    ),
    (
        "The painter {a} spent most of his life in {p}, far from the great cities.",
        (
            "As a young man he earned his living by selling {g}.",
            "His largest picture shows {w} at night and is {n} feet wide.",
            "He gave it to the town hall in {y} as thanks for a warm coat.",
            "After his death his niece {b} found letters to a friend in {q} behind a mirror.",
        ),
        (
            ("How did {a} earn his living as a young man?", "selling {g}"),
            ("What does the largest picture by {a} show?", "{w}"),
            ("Who found letters of {a} after his death?", "{b}"),
            ("For what did {a} give his picture as thanks?", "a warm coat"),
        ),
    ),
    (
        "The chess club of {p} meets in the back room of a bakery.",
        (
            "It was founded in {y} by {a} and had {n} members in the first winter.",
            "The greatest success was a victory against {q} on {d} {z}.",
            "The winner of the yearly tournament receives a box of {g}.",
            "Because of {e} the games were once played by post for a whole year.",
        ),
        (
            ("Where does the chess club of {p} meet?", "in the back room of a bakery"),
            ("Who founded the chess club of {p}?", "{a}"),
            ("How many members did the chess club of {p} have in the first winter?", "{n}"),
            ("Why did the club of {p} once play its games by post?", "{e}"),
        ),
    ),
    (
        "The observatory of {p} was built on a hill {k} metres above the sea.",
        (
            "The astronomer {a} chose the place in {y}, since the nights are clear and dry.",
            "The first telescope was brought from {q} on a cart that usually carried {g}.",
            "On {d} {z} a comet was discovered here.",
            "The dome is opened by hand, which takes {n} minutes.",
        ),
        (
            ("How high above the sea is the observatory of {p}?", "{k} metres"),
            ("Why did {a} choose the place?", "the nights are clear and dry"),
            ("From where was the first telescope of {p} brought?", "{q}"),
            ("What was discovered at the observatory of {p}?", "a comet"),
        ),
    ),
    (
        "Few people know that {p} once had a factory for kites.",
        (
            "{a} started it in {y} in a barn, together with {n} neighbours.",
            "Each buyer was also given some {g}, and each kite carried a picture of {w}.",
            "Most of them were sold at the harbour of {q}.",
            "Work came to an end in {z} because of {e}.",
        ),
        (
            ("In what kind of building did {a} start the factory?", "a barn"),
            ("What was each buyer of a kite from {p} also given?", "{g}"),
            ("Where were most of the kites of {p} sold?", "at the harbour of {q}"),
            ("When did work in the factory of {p} come to an end?", "{z}"),
        ),
    ),
    (
        "The tunnel of {p} is {k} metres long and leads through soft yellow rock.",
        (
            "The engineer {a} needed {n} months to plan it.",
            "Workers from {q} began to dig on {d} {y}.",
            "In the middle they found a cave full of {w}, and the digging stopped for a summer.",
            "Trains have used the tunnel since {z}, mainly to transport {g}.",
        ),
        (
            ("How long is the tunnel of {p}?", "{k} metres"),
            ("Where did the workers who dug the tunnel of {p} come from?", "{q}"),
            ("What was the cave in the middle of the tunnel of {p} full of?", "{w}"),
            ("What do trains mainly transport through the tunnel of {p}?", "{g}"),
        ),
    ),
    (
        "A strange law was in force in {p} between {y} and {z}.",
        (
            "It forbade the sale of {g} after sunset, except on {d}.",
            "The mayor {a} had proposed it after {e}.",
            "In all those years only {n} people were fined, one of them the mayor's own cook.",
            "A copy of the law hangs in the museum of {q}.",
        ),
        (
            ("The sale of what was forbidden after sunset in {p}?", "{g}"),
            ("Who proposed the strange law of {p}?", "{a}"),
            ("How many people were fined under the law of {p}?", "{n}"),
            ("Where does a copy of the law of {p} hang?", "the museum of {q}"),
        ),
    ),
)
TYDIQA_TEMPLATES: tuple[Template, ...] = (
    (
        "{p} is a town on the river Aru with about {k} inhabitants.",
        (
            "It received its town charter on {d} {y}.",
            "The economy is based on {g} and on tourism.",
            "The present mayor is {a}.",
        ),
        (
            ("How many inhabitants does {p} have?", "{k}"),
            ("When did {p} receive its town charter?", "{d} {y}"),
            ("Who is the mayor of {p}?", "{a}"),
        ),
    ),
    (
        "{a}, born in {p}, was a botanist and traveller.",
        (
            "She described {n} plants that had been unknown before.",
            "Her teacher was {b}.",
            "She died on {d} {y} of a fever.",
        ),
        (
            ("Where was {a} born?", "{p}"),
            ("How many unknown plants did {a} describe?", "{n}"),
            ("Who was the teacher of {a}?", "{b}"),
        ),
    ),
    (
        "The Battle of {p} was fought on {d} {y} between two rival dukes.",
        (
            "The army of {a} had taken up its position behind a swamp.",
            "It lasted {n} hours and ended without a winner.",
            "The quarrel was about the trade in {g}.",
        ),
        (
            ("When was the Battle of {p} fought?", "{d} {y}"),
            ("How long did the Battle of {p} last?", "{n} hours"),
            ("What was the quarrel behind the Battle of {p} about?", "the trade in {g}"),
        ),
    ),
    (
        "Lake {p} is the deepest lake of the province.",
        (
            "Its greatest depth is {k} feet.",
            "The shores are inhabited by {w}.",
            "It was first measured by {a} in {y}, who used a rope and a stone.",
        ),
        (
            ("How deep is Lake {p}?", "{k} feet"),
            ("Which animals inhabit the shores of Lake {p}?", "{w}"),
            ("What did {a} use to measure Lake {p}?", "a rope and a stone"),
        ),
    ),
    (
        "The {p} Prize has been awarded to young scientists every second year since {y}.",
        (
            "It is named after the merchant {a}, who had become rich with {g}.",
            "The winner receives a medal and {k} crowns.",
            "The ceremony takes place in {q}.",
        ),
        (
            ("Since when has the {p} Prize been awarded?", "{y}"),
            ("After whom is the {p} Prize named?", "{a}"),
            ("Where does the ceremony of the {p} Prize take place?", "{q}"),
        ),
    ),
    (
        "The Hotel {p} is a former palace in the centre of {q}.",
        (
            "It was turned into a hotel by {a} in {y}.",
            "There are {n} rooms, each named after a different flower.",
            "The building was nearly destroyed by {e}.",
        ),
        (
            ("In which city is the Hotel {p}?", "{q}"),
            ("How many rooms does the Hotel {p} have?", "{n}"),
            ("What nearly destroyed the Hotel {p}?", "{e}"),
        ),
    ),
    (
        "The railway from {p} to {q} was opened in {y}.",
        (
            "Its steepest part is at the village of Senn, where {w} are often seen.",
            "It has {n} stations and no tunnel.",
            "It was paid for by {a}, who wanted to transport {g}.",
        ),
        (
            ("When was the railway from {p} to {q} opened?", "{y}"),
            ("How many stations does the railway from {p} to {q} have?", "{n}"),
            ("Who paid for the railway from {p} to {q}?", "{a}"),
        ),
    ),
    (
        "The Song of {p} is a long poem about {w} that talk like people.",
        (
            "Its author is believed to be {a}, a monk.",
            "The only manuscript was found in {q} in {y}.",
            "It has {k} lines, and the end is missing because of {e}.",
        ),
        (
            ("Who is believed to be the author of The Song of {p}?", "{a}"),
            ("Where was the manuscript of The Song of {p} found?", "{q}"),
            ("How many lines does The Song of {p} have?", "{k}"),
        ),
    ),
    (
        "{a} was an athlete from {p} who competed in the long jump.",
        (
            "He broke the national record on {d} {y}.",
            "His coach {b} had discovered him at a school festival.",
            "Later he opened a shop for {g}.",
        ),
        (
            ("In which discipline did {a} compete?", "long jump"),
            ("When did {a} break the national record?", "{d} {y}"),
            ("What did {a} sell in his shop?", "{g}"),
        ),
    ),
    (
        "{p} bread is a flat bread that is baked on hot stones.",
        (
            "The dough rests for {n} hours before it is baked.",
            "It was first mentioned in {y} in a letter by {a}.",
            "In {q} it is eaten with goat cheese.",
        ),
        (
            ("What is {p} bread baked on?", "hot stones"),
            ("How long does the dough of {p} bread rest?", "{n} hours"),
            ("In which place is {p} bread eaten with goat cheese?", "{q}"),
        ),
    ),
)


def slot_values(index: int, filling: int, shift: int) -> dict[str, str]:
    """Chooses what fills the slots of a template.

    Args:
        index: The number of the template.
        filling: Which filling of the template it is.
        shift: Moves all choices, so that two sets of templates differ.

    Returns:
        The text of each slot.
    """
    at = 5 * index + 13 * filling + shift
    year = 1790 + (29 * at) % 110
    return {
        "a": NAMES[at % len(NAMES)],
        "b": NAMES[(at + 7) % len(NAMES)],
        "p": PLACES[(at + filling) % len(PLACES)],
        "q": PLACES[(at + filling + 6) % len(PLACES)],
        "y": str(year),
        "z": str(year + 23 + (11 * at) % 60),
        "n": COUNTS[at % len(COUNTS)],
        "g": GOODS[at % len(GOODS)],
        "h": GOODS[(at + 5) % len(GOODS)],
        "e": EVENTS[(index + 3 * filling) % len(EVENTS)],
        "w": BEASTS[at % len(BEASTS)],
        "d": DAYS[(at + 2) % len(DAYS)],
        "k": str(120 + (67 * at) % 780),
    }


def locate(context: str, answer: str) -> Answer:
    """Finds an answer in its context.

    Args:
        context: The passage.
        answer: The answer, which must occur in it exactly once.

    Returns:
        The answer with its position in code points.

    Raises:
        ValueError: The answer does not occur, or occurs more than once.
    """
    if context.count(answer) != 1:
        raise ValueError(f"{answer!r} occurs {context.count(answer)} times in {context!r}")
    return {"answer_start": context.index(answer), "text": answer}


def compose(
    templates: tuple[Template, ...], fillings: int, shift: int, prefix: str
) -> Iterator[Article]:
    """Composes training passages with their questions.

    Args:
        templates: The passage templates.
        fillings: How often each template is filled.
        shift: Passed on to the choice of the fillers.
        prefix: What the ids begin with; a running number follows.

    Yields:
        One article a passage, its later sentences in changing order.
    """
    number = 0
    for filling in range(fillings):
        for index, (opening, sentences, questions) in enumerate(templates):
            values = slot_values(index, filling, shift)
            turn = filling % len(sentences)
            ordered = (opening, *sentences[turn:], *sentences[:turn])
            context = " ".join(ordered).format_map(values)
            qas: list[Question] = []
            for question, answer in questions:
                qas.append(
                    {
                        "answers": [locate(context, answer.format_map(values))],
                        "question": question.format_map(values),
                        "id": f"{prefix}-{number}",
                    }
                )
                number += 1
            yield {
                "title": f"{values['p']}_{index}_{filling}",
                "paragraphs": [{"context": context, "qas": qas}],
            }


def read_passages(name: str) -> list[AuthoredPassage]:
    """Reads authored passages.

    Args:
        name: The name of the file in ``authored/``.

    Returns:
        The passages with their questions.
    """
    text = (HERE / "authored" / name).read_text(encoding="utf-8")
    passages: list[AuthoredPassage] = json.loads(text)
    return passages


def build(passages: list[AuthoredPassage], chosen: tuple[int, ...], prefix: str) -> list[Article]:
    """Builds labelled articles from authored passages.

    Args:
        passages: The authored passages.
        chosen: Which questions of each passage to take.
        prefix: What the ids begin with; the numbers of passage and question follow.

    Returns:
        One article a passage.
    """
    articles: list[Article] = []
    for index, passage in enumerate(passages):
        qas: list[Question] = []
        for number in chosen:
            if number >= len(passage["questions"]):
                continue
            item = passage["questions"][number]
            texts = item["answers"] if "answers" in item else [item["answer"]]
            answers = [locate(passage["context"], text) for text in texts]
            qas.append(
                {
                    "answers": answers,
                    "question": item["question"],
                    "id": f"{prefix}-{index}-{number}",
                }
            )
        articles.append(
            {"title": passage["title"], "paragraphs": [{"context": passage["context"], "qas": qas}]}
        )
    return articles


def strip_answers(articles: list[Article]) -> list[Article]:
    """Removes titles and answers as XTREME's test files do.

    Args:
        articles: Labelled articles.

    Returns:
        One article with one paragraph a question, each with one empty answer.
    """
    stripped: list[Article] = []
    for article in articles:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                bare = copy.deepcopy(question)
                bare["answers"] = [{"answer_start": 0, "text": ""}]
                stripped.append({"paragraphs": [{"context": paragraph["context"], "qas": [bare]}]})
    return stripped


def write_json(path: Path, articles: list[Article], version: str | float) -> None:
    """Writes one question file.

    Args:
        path: The file below ``data/``.
        articles: Its articles.
        version: The value of its version key.
    """
    target = HERE / "data" / path
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"data": articles, "version": version}, ensure_ascii=False)
    target.write_text(text + "\n", encoding="utf-8", newline="\n")


def write_tests() -> None:
    """Writes the test files of the three tasks, with and without answers."""
    xtreme, labels = Path("xtreme"), Path("labels")
    for lang, name in LANGUAGES.items():
        passages = read_passages(f"qa-{lang}.json")
        articles = build(passages, XQUAD_QUESTIONS, "mini-xquad")
        write_json(labels / "xquad" / f"test-{lang}.json", articles, "1.1")
        write_json(xtreme / "xquad" / f"xquad.{lang}.json", strip_answers(articles), "1.1")
        articles = build(passages, MLQA_QUESTIONS, "mini-mlqa")
        write_json(labels / "mlqa" / f"test-{lang}.json", articles, 1.0)
        mlqa = xtreme / "mlqa" / "MLQA_V1" / "test"
        write_json(mlqa / f"test-context-{lang}-question-{lang}.json", strip_answers(articles), 1.0)
        articles = build(passages, TYDIQA_QUESTIONS, f"{name}-mini")
        write_json(labels / "tydiqa" / f"test-{lang}.json", articles, "1.1")
        tydiqa = xtreme / "tydiqa" / "tydiqa-goldp-v1.1-dev"
        write_json(tydiqa / f"tydiqa.goldp.{lang}.dev.json", strip_answers(articles), "1.1")


def main() -> int:
    """Writes all question files.

    Returns:
        The exit status, 0.
    """
    write_tests()
    squad = Path("xtreme") / "squad"
    train = list(compose(SQUAD_TEMPLATES, 4, 0, "mini-squad-train"))
    write_json(squad / "train-v1.1.json", train, "1.1")
    dev = build(read_passages("qa-squad-dev-en.json"), (0, 1, 2, 3), "mini-squad-dev")
    write_json(squad / "dev-v1.1.json", dev, "1.1")
    train = list(compose(TYDIQA_TEMPLATES, 5, 3, "english-mini-train"))
    write_json(
        Path("xtreme") / "tydiqa" / "tydiqa-goldp-v1.1-train" / "tydiqa.goldp.en.train.json",
        train,
        "1.1",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
