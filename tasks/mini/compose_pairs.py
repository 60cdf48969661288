"""Writes the sentence-pair files of the mini data set (XNLI and PAWS-X layout).

The test and development pairs are authored by hand in ``authored/``; the English
training pairs are composed here from templates. Running the script again writes
the same bytes.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
LANGUAGES = ("en", "de", "es", "zh", "ar", "hi", "sw")
NLI_ORDERS = (
    ("entailment", "neutral", "contradiction"),
    ("contradiction", "entailment", "neutral"),
    ("neutral", "contradiction", "entailment"),
    ("entailment", "contradiction", "neutral"),
    ("neutral", "entailment", "contradiction"),
    ("contradiction", "neutral", "entailment"),
)
LABELS = {"e": "entailment", "n": "neutral", "c": "contradiction"}

NAMES = (
    "Anna",
    "Bilal",
    "Chen",
    "Dora",
    "Emeka",
    "Farida",
    "Goran",
    "Hana",
    "Ivan",
    "Juma",
    "Kavita",
    "Luis",
    "Mona",
    "Nils",
    "Olga",
    "Pablo",
    "Rosa",
    "Samir",
    "Tara",
    "Viktor",
)
CITIES = (
    "Accra",
    "Bergen",
    "Cusco",
    "Delhi",
    "Essen",
    "Fes",
    "Graz",
    "Hanoi",
    "Izmir",
    "Jaipur",
    "Kisumu",
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
SMALL = ("two", "three", "four", "five", "six", "seven")
LARGE = ("eight", "nine", "ten", "twelve", "fifteen", "twenty")
FRUIT = ("apples", "mangoes", "pears", "oranges", "melons", "peaches", "plums")

# First premise, second premise, three hypotheses, and the label letters of the three
# hypotheses under the first and under the second premise. The same hypothesis mostly
# changes its label with the premise, so the hypothesis alone does not give it away.
NliTemplate = tuple[str, str, tuple[str, str, str], str, str]
NLI_TEMPLATES: tuple[NliTemplate, ...] = (
    (
        "{a} bought {n} {fruit} and {m} lemons at the market.",
        "{a} bought {m} {fruit} and {n} lemons at the market.",
        (
            "{a} bought more {fruit} than lemons.",
            "{a} bought more lemons than {fruit}.",
            "{a} did not spend as much money as planned.",
        ),
        "cen",
        "ecn",
    ),
    (
        "{a} arrived in {city} before {b} did.",
        "{b} arrived in {city} before {a} did.",
        (
            "{a} was the first of the two in {city}.",
            "{b} reached {city} earlier than {a}.",
            "{a} and {b} had not planned to meet in {city}.",
        ),
        "ecn",
        "cen",
    ),
    (
        "{a} did not close the window although it was raining in {city}.",
        "{a} closed the window because it was raining in {city}.",
        (
            "The window of {a} stayed open despite the rain.",
            "{a} shut the window.",
            "{a} liked the sound of the rain.",
        ),
        "ecn",
        "cen",
    ),
    (
        "{a} keeps a parrot and {n} dogs.",
        "{a} keeps no dogs but lives with {n} cats.",
        ("{a} owns a bird.", "There are no dogs in the home of {a}.", "{a} has never had a cat."),
        "ecn",
        "nec",
    ),
    (
        "The library in {city} is open on Sunday but not on {day}.",
        "The library in {city}, which has no room for children, is open every {day}.",
        (
            "The library in {city} is closed on {day}.",
            "The library in {city} is closed on Sunday.",
            "Children do not have a room of their own in the library in {city}.",
        ),
        "ecn",
        "cne",
    ),
    (
        "{a} lent {b} a bicycle.",
        "{b} lent {a} a bicycle.",
        (
            "It was {b} who borrowed the bicycle.",
            "{a} borrowed a bicycle from {b}.",
            "The bicycle that {a} and {b} talked about was not new.",
        ),
        "ecn",
        "cen",
    ),
    (
        "Every student in the class of {a} passed the test on {day}.",
        "Not one student in the class of {a} passed the test on {day}.",
        (
            "Some of the students of {a} passed the test.",
            "All the students of {a} failed the test.",
            "The test on {day} was easier than the one before.",
        ),
        "ecn",
        "cen",
    ),
    (
        "{a} moved to {city} for a new job in a bakery.",
        "{a} moved to {city}, but nobody except {a} knows why.",
        (
            "{a} went to {city} because of work.",
            "Others do not know why {a} moved to {city}.",
            "{a} has told {b} about the reason for the move.",
        ),
        "ecn",
        "nec",
    ),
    (
        "{a} is taller than {b} but shorter than {c}.",
        "{a} is older than {c} and taller than {b}.",
        (
            "{c} is the tallest of the three.",
            "{b} is taller than {a}.",
            "{c} is not as old as {a}.",
        ),
        "ecn",
        "nce",
    ),
    (
        "The bus to {city} costs {n} euros and the train {m} euros.",
        "The bus to {city} costs {m} euros and the train {n} euros.",
        (
            "The bus to {city} is cheaper than the train.",
            "The train to {city} costs less than the bus.",
            "The bus to {city} does not take as long as the train.",
        ),
        "ecn",
        "cen",
    ),
    (
        "{a} has stopped eating meat.",
        "{a} has always disliked fish but eats meat from time to time.",
        (
            "{a} no longer eats meat.",
            "{a} has a meal with meat every {day}.",
            "{a} never cared much for fish.",
        ),
        "ecn",
        "cne",
    ),
    (
        "{a} wanted to fly to {city} but missed the plane.",
        "{a} took the plane to {city} and stayed for {n} days.",
        (
            "{a} did not catch the plane to {city}.",
            "{a} was on board of the plane to {city}.",
            "{a} had never been to {city} before.",
        ),
        "ecn",
        "cen",
    ),
    (
        "The soup at the inn in {city} is made only of beans, carrots and water.",
        "The soup at the inn in {city} contains chicken, but nobody is told the recipe.",
        (
            "There are vegetables in the soup at the inn in {city}.",
            "There is meat in the soup at the inn in {city}.",
            "The cook in {city} gives every guest the recipe of the soup.",
        ),
        "ecn",
        "nec",
    ),
    (
        "{a} sold the house in {city} to {b}.",
        "{b} sold the house in {city} to {a}.",
        (
            "{a} bought a house from {b}.",
            "The house in {city} no longer belongs to {a}.",
            "The house in {city} does not have a garden.",
        ),
        "cen",
        "ecn",
    ),
    (
        "Only {a} knew the answer to the riddle.",
        "Everyone except {a} knew the answer to the riddle.",
        (
            "{a} did not know the answer to the riddle.",
            "{a} knew an answer that nobody else knew.",
            "The riddle that {a} heard was about a river.",
        ),
        "cen",
        "ecn",
    ),
    (
        "It was snowing in {city} when {a} left the hotel.",
        "Dark clouds hung over {city} when a taxi took {a} from the hotel to the airport.",
        (
            "Snow was falling in {city} as {a} went out.",
            "There was not a cloud over {city} when {a} left the hotel.",
            "{a} went to the airport by taxi.",
        ),
        "ecn",
        "nce",
    ),
    (
        "{a} finished the marathon {m} minutes ahead of {b}.",
        "{b} had not slept before the marathon but did not finish behind {a}.",
        (
            "{b} ran the marathon faster than {a}.",
            "{a} beat {b} in the marathon.",
            "{b} went without sleep before the marathon.",
        ),
        "cen",
        "nce",
    ),
    (
        "The letter from {a} was written in French.",
        "The letter from {a} was written in a language that {b} could not identify.",
        (
            "{a} used French in the letter.",
            "{b} did not recognise the language of the letter.",
            "The letter from {a} was a blank sheet of paper.",
        ),
        "enc",
        "nec",
    ),
    (
        "Nobody came to the concert of {a} on {day}.",
        "Every seat was taken at the concert of {a} on {day}.",
        (
            "{a} played to an empty hall on {day}.",
            "No seat was free at the concert of {a} on {day}.",
            "The concert of {a} lasted longer than planned.",
        ),
        "ecn",
        "cen",
    ),
    (
        "{a} speaks Turkish better than Greek.",
        "{a} speaks Greek better than Turkish.",
        (
            "{a} is better at Greek than at Turkish.",
            "Greek is not the stronger of the two languages of {a}.",
            "{a} learned Turkish from a neighbour in {city}.",
        ),
        "cen",
        "ecn",
    ),
    (
        "The dog of {a} sleeps in the kitchen every night.",
        "The dog that {a} took from a shelter may sleep wherever it likes.",
        (
            "The dog of {a} spends its nights indoors.",
            "The dog of {a} is not allowed in the house.",
            "The dog of {a} comes from a shelter.",
        ),
        "ecn",
        "nce",
    ),
    (
        "{a} paid {n} coins for the vase, half of what {b} paid.",
        "{a} paid {m} coins for the vase, twice what {b} paid.",
        (
            "{b} did not pay as much for the vase as {a}.",
            "{a} paid less for the vase than {b}.",
            "Neither {a} nor {b} liked the vase.",
        ),
        "cen",
        "ecn",
    ),
    (
        "Before lunch {a} painted the fence, and after lunch the gate.",
        "Before lunch {a} painted the gate, and after lunch the fence.",
        (
            "{a} had finished the gate by the time of lunch.",
            "{a} had not painted the gate when it was time for lunch.",
            "{a} chose a green paint for the gate.",
        ),
        "cen",
        "ecn",
    ),
    (
        "The bridge near {city} has been closed since {day}.",
        "The bridge near {city} will not be closed until next {day}.",
        (
            "The bridge near {city} is not open now.",
            "The bridge near {city} is still open.",
            "The bridge near {city} needs new cables.",
        ),
        "ecn",
        "cen",
    ),
    (
        "{a} forgot the birthday of {b}.",
        "{a} remembered the birthday of {b} and sent a card.",
        (
            "{a} did not think of the birthday of {b}.",
            "{a} had the birthday of {b} in mind.",
            "{b} was not angry with {a}.",
        ),
        "ecn",
        "cen",
    ),
)

JOBS = ("baker", "pilot", "nurse", "judge", "farmer", "tailor", "singer", "teacher", "painter")
THINGS = ("clock", "table", "lamp", "carpet", "mirror", "piano", "basket", "drum", "kettle")
ANIMALS = ("horse", "goat", "goose", "donkey", "fox", "sheep", "cat", "dog", "monkey")
TONGUES = ("Danish", "Polish", "Hindi", "Swahili", "Arabic", "Korean", "Czech", "Thai", "Greek")
YEARS = ("1904", "1911", "1923", "1938", "1946", "1957", "1962", "1975", "1989")
COLOURS = ("green", "yellow", "black", "purple", "white", "brown", "orange", "silver", "pink")
FILLERS = {
    "name": NAMES,
    "city": CITIES,
    "job": JOBS,
    "thing": THINGS,
    "animal": ANIMALS,
    "tongue": TONGUES,
    "year": YEARS,
    "colour": COLOURS,
}

# Filler list, a sentence, and a paraphrase of it. Exchanging {x} and {y} in either
# form gives a sentence with the same words and another meaning.
PARAPHRASE_TEMPLATES: tuple[tuple[str, str, str], ...] = (
    (
        "name",
        "{x} gave {y} the keys of the boat on Sunday evening.",
        "On Sunday evening {x} gave the keys of the boat to {y}.",
    ),
    (
        "city",
        "The express train runs from {x} to {y} without a stop.",
        "Without a stop the express train runs to {y} from {x}.",
    ),
    (
        "job",
        "The {x} waited for the {y} in front of the town hall.",
        "In front of the town hall the {x} waited for the {y}.",
    ),
    (
        "thing",
        "The {x} is more expensive than the {y}, and both are old.",
        "Both are old, and the {x} is more expensive than the {y}.",
    ),
    (
        "animal",
        "The {x} followed the {y} across the frozen field.",
        "The {y} was followed across the frozen field by the {x}.",
    ),
    (
        "tongue",
        "The poem was first written in {x} and later translated into {y}.",
        "Written in {x} at first, the poem was later translated into {y}.",
    ),
    (
        "year",
        "The school was founded in {x} and moved to the hill in {y}.",
        "The school, which was moved to the hill in {y}, was founded in {x}.",
    ),
    (
        "colour",
        "She painted the door {x} and the window {y} last summer.",
        "Last summer she painted the window {y} and the door {x}.",
    ),
    (
        "name",
        "{x} is the older sister of the woman who married {y}.",
        "The woman who married {y} has {x} as her older sister.",
    ),
    (
        "city",
        "He studied in {x} for five years and then worked in {y}.",
        "Before he worked in {y}, he studied in {x} for five years.",
    ),
    (
        "job",
        "Because the {x} was ill, the {y} had to work on Saturday.",
        "The {y} had to work on Saturday because the {x} was ill.",
    ),
    (
        "thing",
        "They sold the {x} to the museum and gave the {y} to their son.",
        "They gave the {y} to their son and sold the {x} to the museum.",
    ),
    (
        "animal",
        "In the fable the clever {x} warns the lazy {y} of the flood.",
        "In the fable the lazy {y} is warned of the flood by the clever {x}.",
    ),
    (
        "tongue",
        "Her mother speaks {x} and her father speaks {y} at home.",
        "At home her father speaks {y} and her mother speaks {x}.",
    ),
    (
        "year",
        "The tower was damaged in {x} and repaired in {y}.",
        "Damaged in {x}, the tower was repaired in {y}.",
    ),
)


def write_lines(path: Path, lines: list[str]) -> None:
    """Writes lines to a file with LF ends and a final newline.

    Args:
        path: The file to write; missing folders are made.
        lines: The lines, without their ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="\n")


def read_groups(path: Path) -> list[dict[str, dict[str, str]]]:
    """Reads an authored table of sentence groups.

    Args:
        path: A tab-separated file with the columns group, role and one per language.

    Returns:
        One mapping a group, from the role to the sentence in each language.
    """
    groups: dict[str, dict[str, dict[str, str]]] = {}
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
            number, role = row.pop("group"), row.pop("role")
            groups.setdefault(number, {})[role] = row
    return list(groups.values())


def nli_rows(groups: list[dict[str, dict[str, str]]], lang: str) -> list[tuple[str, str, str]]:
    """Pairs each premise with its three hypotheses.

    Args:
        groups: Groups with a premise and one hypothesis a label.
        lang: The language column to take.

    Returns:
        Premise, hypothesis and label of each pair, the labels in changing order.
    """
    rows = []
    for index, group in enumerate(groups):
        for label in NLI_ORDERS[index % len(NLI_ORDERS)]:
            rows.append((group["premise"][lang], group[label][lang], label))
    return rows


def paraphrase_rows(
    groups: list[dict[str, dict[str, str]]], lang: str
) -> list[tuple[str, str, str]]:
    """Pairs each sentence with its paraphrase and with its look-alike.

    Args:
        groups: Groups with the roles sentence, paraphrase and different.
        lang: The language column to take.

    Returns:
        First sentence, second sentence and label (1 for a paraphrase) of each pair.
    """
    rows = []
    for index, group in enumerate(groups):
        pair = [("paraphrase", "1"), ("different", "0")]
        if index % 3 != 0:
            pair.reverse()
        for role, label in pair:
            rows.append((group["sentence"][lang], group[role][lang], label))
    return rows


def compose_nli() -> list[tuple[str, str, str]]:
    """Composes the English inference pairs for training.

    Returns:
        Premise, hypothesis and label of 300 pairs, 100 a label.
    """
    rows = []
    for filling in range(2):
        for index, (first, second, hypotheses, labels1, labels2) in enumerate(NLI_TEMPLATES):
            at = 7 * index + 11 * filling
            values = {
                "a": NAMES[at % len(NAMES)],
                "b": NAMES[(at + 3) % len(NAMES)],
                "c": NAMES[(at + 9) % len(NAMES)],
                "city": CITIES[at % len(CITIES)] if filling == 0 else CITIES[(at + 5) % 11],
                "day": DAYS[at % len(DAYS)],
                "n": SMALL[at % len(SMALL)],
                "m": LARGE[(at + 2) % len(LARGE)],
                "fruit": FRUIT[(index + filling) % len(FRUIT)],
            }
            if index == 21:  # The vase: one number is the half or the double of the other.
                values["m"] = LARGE[2 * filling]
            for premise, labels in ((first, labels1), (second, labels2)):
                for hypothesis, letter in zip(hypotheses, labels, strict=True):
                    rows.append(
                        (premise.format_map(values), hypothesis.format_map(values), LABELS[letter])
                    )
    return rows


def compose_paraphrases() -> list[tuple[str, str, str]]:
    """Composes the English paraphrase pairs for training.

    Returns:
        First sentence, second sentence and label of 240 pairs, 120 a label.
    """
    rows = []
    for filling in range(8):
        for index, (kind, sentence, paraphrase) in enumerate(PARAPHRASE_TEMPLATES):
            words = FILLERS[kind]
            x = words[(filling + index) % len(words)]
            y = words[(filling + index + 1 + index % 4) % len(words)]
            if kind == "year":
                x, y = words[filling], words[(filling + 1 + index % 3) % len(words)]
                x, y = min(x, y), max(x, y)
            source, other = (sentence, paraphrase) if filling % 2 else (paraphrase, sentence)
            swapped = source if (filling // 2) % 2 else other
            rows.append((source.format(x=x, y=y), other.format(x=x, y=y), "1"))
            rows.append((source.format(x=x, y=y), swapped.format(x=y, y=x), "0"))
    return rows


def write_task(
    task: str,
    tests: dict[str, list[tuple[str, str, str]]],
    dev: list[tuple[str, str, str]],
    train: list[tuple[str, str, str]],
) -> None:
    """Writes the files of one sentence-pair task.

    Args:
        task: The folder of the task, ``xnli`` or ``pawsx``.
        tests: The labelled test pairs of each language.
        dev: The English development pairs.
        train: The English training pairs.
    """
    inputs, labels = HERE / "data" / "xtreme" / task, HERE / "data" / "labels" / task
    for lang, rows in tests.items():
        write_lines(inputs / f"test-{lang}.tsv", [f"{one}\t{two}" for one, two, _ in rows])
        write_lines(labels / f"test-{lang}.tsv", [label for _, _, label in rows])
    write_lines(inputs / "dev-en.tsv", ["\t".join(row) for row in dev])
    write_lines(inputs / "train-en.tsv", ["\t".join(row) for row in train])


def main() -> int:
    """Writes all sentence-pair files.

    Returns:
        The exit status, 0.
    """
    authored = HERE / "authored"
    nli = read_groups(authored / "nli.tsv")
    write_task(
        "xnli",
        {lang: nli_rows(nli, lang) for lang in LANGUAGES},
        nli_rows(read_groups(authored / "nli-dev-en.tsv"), "en"),
        compose_nli(),
    )
    pairs = read_groups(authored / "paraphrase.tsv")
    write_task(
        "pawsx",
        {lang: paraphrase_rows(pairs, lang) for lang in LANGUAGES},
        paraphrase_rows(read_groups(authored / "paraphrase-dev-en.tsv"), "en"),
        compose_paraphrases(),
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
