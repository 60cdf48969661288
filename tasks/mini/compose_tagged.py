"""Composes the tagging and name-recognition files of the mini data set.

The authored sentences (``authored/tagged-*.tsv``: token, UPOS tag, name tag) are split
into the test and development files of the tasks ``udpos`` and ``panx``, in the layout that
XTREME uses. The English training sentences are composed from the templates and word lists
below with a fixed seed, so that every run writes the same bytes.

Usage: ``python tasks/mini/compose_tagged.py [--output DIR]``
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
LANGUAGES = ("en", "de", "es", "zh", "ar", "hi", "sw")
TRAIN_SIZE = 240
FRAGMENT_SIZE = 60
SEEDS = {"udpos": 20200324, "panx": 20200325}
MAX_TRIES = 2000


class Token(NamedTuple):
    """One token with both of its tags."""

    form: str
    upos: str
    ner: str


class Words(NamedTuple):
    """A word list: default UPOS tag, name type (empty: no name) and its entries.

    Entries are separated by blanks; the tokens of one entry are joined by ``_``, and a
    token may carry its own tag after a slash (``Bank_of/ADP_Ghana``).
    """

    upos: str
    ner: str
    entries: str


Sentence = tuple[Token, ...]

GIVEN = (
    "Abena Ahmed Alice Andrei Anna Ben Carla Chen David Diana Elena Emma Eric Fatou George "
    "Hanna Ibrahim Irene Ivan James Jorge Julia Kofi Laura Leila Lucas Mei Mohamed Nadia Noah "
    "Olga Oscar Paul Priya Rosa Samuel Sara Tariq Tomas Victor Wanjiru Yuki Zoe"
)
FAMILY = (
    "Abdullah Bauer Bennett Castillo Cohen Diallo Fischer Foster Garcia Gupta Hughes Ivanov "
    "Jensen Kamau Khan Kim Kowalski Lopez Mensah Moreau Murphy Nakamura Novak Okafor Otieno "
    "Patel Pereira Petrov Quinn Rao Schmidt Singh Tanaka Wang Wright Yilmaz Zhang van_Dijk "
    "de_la_Cruz bin_Saleh O'Neill"
)

LEXICON = {
    # Names of places.
    "city": Words(
        "PROPN",
        "LOC",
        "Accra Amman Athens Beijing Berlin Bogota Boston Buenos_Aires Cape_Town Chicago Dakar "
        "Dublin Geneva Hanoi Helsinki Istanbul Jaipur Kigali Kuala_Lumpur Lagos Lima London "
        "Los_Angeles Lyon Manila Milan Montreal Munich New_York Paris Porto Rabat Rio_de_Janeiro "
        "San_Francisco Santiago Seoul Seville Shanghai Tel_Aviv Tokyo Toronto Valencia Zurich",
    ),
    "country": Words(
        "PROPN",
        "LOC",
        "Algeria Australia Bolivia Brazil Burkina_Faso Cambodia Canada Chile Costa_Rica Cuba "
        "Egypt Ethiopia Finland France Ghana Greece Iceland India Ireland Italy Japan Jordan "
        "Morocco Nepal New_Zealand Nigeria Norway Peru Portugal Rwanda Saudi_Arabia Senegal "
        "Sierra_Leone Spain Sri_Lanka Sweden Tunisia Turkey Vietnam Zambia",
    ),
    "river": Words(
        "PROPN",
        "LOC",
        "Amazon Congo Ebro Elbe Ganges Indus Loire Mekong Mississippi Niger Rhine Thames Tigris "
        "Volga Yangtze Yellow_River Zambezi",
    ),
    "peak": Words(
        "PROPN",
        "LOC",
        "Mount_Etna Mount_Everest Mount_Fuji Mount_Kenya Mount_Meru Mount_Olympus Ben_Nevis "
        "Table_Mountain Monte_Rosa Mount_Elbrus Pico_de/ADP_Orizaba Aconcagua",
    ),
    "lake": Words(
        "PROPN",
        "LOC",
        "Lake_Baikal Lake_Chad Lake_Como Lake_Constance Lake_Erie Lake_Malawi Lake_Ontario "
        "Lake_Tana Lake_Titicaca Lake_Turkana Loch_Ness",
    ),
}

LEXICON |= {
    # Names of organisations.
    "company": Words(
        "PROPN",
        "ORG",
        "Adidas Airbus Amazon Bosch British_Airways Canon Deutsche_Bank Ericsson "
        "Ethiopian_Airlines Ford General_Electric Honda Huawei Hyundai Intel Kenya_Airways "
        "Kodak Lego Mercedes Microsoft Nestle Nintendo Philips Procter_&/CCONJ_Gamble Renault "
        "Safaricom Shell Sony Spotify Tata_Motors Telefonica Tesla Vodafone Yamaha Zara",
    ),
    "inst": Words(
        "PROPN",
        "ORG",
        "African_Union Arab_League Bank_of/ADP_Ghana British_Council Catholic_Church "
        "Council_of/ADP_Europe European_Parliament Federal_Reserve Green_Party Labour_Party "
        "League_of/ADP_Nations Nobel_Foundation Red_Crescent Royal_Society Senate Supreme_Court "
        "World_Health_Organization World_Trade_Organization",
    ),
    "univ": Words(
        "PROPN",
        "ORG",
        "Cambridge_University Columbia_University Harvard_University Kyoto_University "
        "Makerere_University Stanford_University Yale_University Leiden_University "
        "Delhi_University Lund_University",
    ),
    "club": Words(
        "PROPN",
        "ORG",
        "Ajax Arsenal Aston_Villa Atletico_Madrid Benfica Boca_Juniors Borussia_Dortmund Celtic "
        "Chelsea Gor_Mahia Inter_Milan Juventus Leeds_United Liverpool Manchester_City "
        "Orlando_Pirates River_Plate Sevilla Simba Werder_Bremen",
    ),
    "media": Words(
        "PROPN",
        "ORG",
        "Al_Jazeera BBC CNN Reuters NBC Le_Monde Associated_Press Daily_Nation Sky_News",
    ),
}

LEXICON |= {
    # Nouns.
    "job": Words(
        "NOUN",
        "",
        "actor artist baker banker carpenter cook dentist driver editor farmer fisherman gardener "
        "judge lawyer mechanic minister nurse officer painter pilot poet reporter sailor "
        "scientist singer soldier student tailor teacher tourist waiter writer",
    ),
    "thing": Words(
        "NOUN",
        "",
        "bag basket bed bell bicycle boat book box camera carpet chair clock coat computer cup "
        "drum fence guitar hat jacket key knife ladder lamp letter machine map mirror newspaper "
        "orange painting pen piano picture plate radio shirt shoe statue table telephone ticket "
        "tractor umbrella vase wheel window",
    ),
    "things": Words(
        "NOUN",
        "",
        "apples baskets bicycles bottles boxes bricks candles chairs coins cups dolls eggs "
        "envelopes flags gloves hats jars keys lamps letters maps mirrors pencils pictures plates "
        "ropes shirts shoes songs stamps stones tickets tools toys wheels",
    ),
    "place": Words(
        "NOUN",
        "",
        "airport bakery bank bridge castle church cinema factory farm garden harbour hospital "
        "hotel kitchen library market mosque museum office palace park restaurant school square "
        "stadium station temple theatre tower village",
    ),
    "animals": Words(
        "NOUN",
        "",
        "birds camels cats cows dogs donkeys elephants foxes frogs goats horses lions mice "
        "monkeys owls rabbits sheep wolves",
    ),
    "relative": Words(
        "NOUN",
        "",
        "aunt brother cousin daughter father friend grandmother husband mother niece "
        "neighbour sister son uncle wife",
    ),
    "food": Words(
        "NOUN",
        "",
        "bread butter cheese coffee honey meat milk oil pepper salt soup sugar tea",
    ),
    "subject": Words(
        "NOUN",
        "",
        "biology chemistry economics geography history law medicine music philosophy physics",
    ),
    "time": Words("NOUN", "", "today tonight tomorrow soon/ADV"),
    "month": Words(
        "PROPN",
        "",
        "January February March April June July August September October November",
    ),
    "day": Words("PROPN", "", "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"),
}

LEXICON |= {
    # Adjectives, adverbs, numbers and small words.
    "adj": Words(
        "ADJ",
        "",
        "beautiful big black blue broken brown clean cold dark dirty empty expensive famous "
        "green grey heavy large little modern narrow new old orange quiet round simple small "
        "strange strong tall tiny ugly white yellow",
    ),
    "mood": Words(
        "ADJ",
        "",
        "angry brave busy clever famous friendly funny happy hungry kind lazy "
        "patient poor proud rich sad shy sick tired young",
    ),
    "comp": Words("ADJ", "", "better cheaper colder larger older quieter smaller taller warmer"),
    "adv": Words(
        "ADV",
        "",
        "carefully calmly easily gently happily loudly nervously peacefully politely quickly "
        "quietly sadly silently slowly",
    ),
    "freq": Words("ADV", "", "always never often rarely seldom sometimes usually"),
    "num": Words("NUM", "", "two three four five six seven eight nine ten eleven twelve twenty"),
    "amount": Words("NUM", "", "3 5 8 14 15 20 35 60 75 99 120 450 2.5 7.5 1,000"),
    "early": Words("NUM", "", "1836 1839 1847 1852 1855 1868 1871 1873 1880"),
    "died": Words("NUM", "", "1899 1901 1904 1908 1910 1913 1916 1920 1922"),
    "late": Words("NUM", "", "1902 1917 1925 1938 1946 1953 1969 1971 1988 1999 2004 2012"),
    "poss": Words("PRON", "", "my your his her our their"),
    "plural": Words("PRON", "", "I we you they"),
    "that": Words("DET", "", "this that"),
    "those": Words("DET", "", "these those some all many/ADJ several/ADJ"),
    "intj": Words("INTJ", "", "ah alas hello hey hi no oops ouch well wow yes"),
    "foreign": Words(
        "X",
        "",
        "ad_astra bon_voyage c'est_la_vie dolce_vita guten_Tag hasta_la_vista mea_culpa "
        "tempus_fugit veni_vidi_vici vox_populi",
    ),
    "prep": Words("ADP", "", "behind beside inside near opposite outside under"),
    "modal": Words("AUX", "", "can could may might must should will would"),
}

LEXICON |= {
    # Verbs.
    "past": Words(
        "VERB",
        "",
        "admired borrowed bought carried cleaned collected designed destroyed drew examined "
        "found hid kept liked lost moved needed noticed ordered painted photographed received "
        "repaired saw sold stole took touched wanted washed",
    ),
    "base": Words(
        "VERB",
        "",
        "borrow buy carry clean collect design draw examine find hide keep move "
        "paint photograph repair sell take touch use wash",
    ),
    "ing": Words(
        "VERB",
        "",
        "cooking dancing eating fishing laughing reading resting running shopping "
        "singing sitting sleeping studying swimming talking waiting walking working",
    ),
    "intrans": Words(
        "VERB",
        "",
        "arrived cried danced disappeared escaped fell laughed ran rested sang slept "
        "smiled spoke swam talked waited walked worked",
    ),
    "stays": Words(
        "VERB",
        "",
        "cooks dances fishes lives paints sings stays studies swims teaches trains walks works",
    ),
    "visit": Words("VERB", "", "avoid cross explore leave love miss reach visit"),
    "said": Words("VERB", "", "believed claimed denied explained forgot heard knew said wrote"),
}

# A template is a list of blank-separated items: ``{list}`` or ``form/TAG``. The list
# ``{per}`` stands for a composed personal name.
TEMPLATES = (
    "{per} {stays} in/ADP {city} ./PUNCT",
    "{per} {stays} {adv} in/ADP the/DET {place} ./PUNCT",
    "the/DET {job} {past} a/DET {adj} {thing} ./PUNCT",
    "{per} {past} {num} {things} in/ADP {city} ./PUNCT",
    "{company} {modal} open/VERB a/DET {adj} {place} in/ADP {city} ./PUNCT",
    "is/AUX {per} {ing} in/ADP the/DET {place} ?/PUNCT",
    "{intj} ,/PUNCT {that} {thing} is/AUX very/ADV {adj} !/PUNCT",
    "{plural} {freq} {visit} {country} in/ADP {month} ./PUNCT",
    "the/DET {river} flows/VERB past/ADP the/DET {place} ./PUNCT",
    "if/SCONJ it/PRON snows/VERB ,/PUNCT the/DET {job} {modal} stay/VERB in/ADP {city} ./PUNCT",
    "{per} and/CCONJ {per} {past} the/DET {adj} {thing} ./PUNCT",
    "do/AUX not/PART {base} the/DET {thing} ,/PUNCT please/INTJ !/PUNCT",
    "please/INTJ {base} the/DET {things} {time} ./PUNCT",
    "{per} wants/VERB to/PART {base} {poss} {adj} {thing} ./PUNCT",
    "{company} thanked/VERB {per} because/SCONJ the/DET {thing} was/AUX {adj} ./PUNCT",
    "in/ADP {country} ,/PUNCT rents/NOUN rose/VERB by/ADP {amount} %/SYM in/ADP {late} ./PUNCT",
    "{that} {thing} cost/VERB $/SYM {amount} in/ADP {city} ./PUNCT",
    "{per} {said} that/SCONJ {company} had/AUX moved/VERB to/ADP {country} ./PUNCT",
    "seen/VERB from/ADP the/DET {place} ,/PUNCT {peak} looks/VERB {adj} ./PUNCT",
    "{city} is/AUX {comp} than/ADP {city} ./PUNCT",
    "which/DET {job} {past} {those} {adj} {things} ?/PUNCT",
    "there/PRON are/VERB {num} {things} {prep} the/DET {place} ./PUNCT",
    "{per} ,/PUNCT who/PRON {past} the/DET {thing} ,/PUNCT comes/VERB from/ADP {city} ./PUNCT",
    "{per} 's/PART {relative} works/VERB for/ADP {company} ./PUNCT",
    "the/DET {inst} gave/VERB {per} {num} {adj} {things} ./PUNCT",
    "{num} {adj} {animals} {intrans} {adv} {prep} the/DET {place} ./PUNCT",
    '"/PUNCT {foreign} "/PUNCT is/AUX written/VERB on/ADP the/DET {thing} ./PUNCT',
    '{per} shouted/VERB "/PUNCT {foreign} "/PUNCT across/ADP the/DET {place} ./PUNCT',
    "when/ADV did/AUX {per} arrive/VERB in/ADP {city} ?/PUNCT",
    "although/SCONJ the/DET {place} was/AUX {adj} ,/PUNCT {per} {intrans} {adv} ./PUNCT",
    "born/VERB in/ADP {city} in/ADP {late} ,/PUNCT {per} became/VERB a/DET {job} ./PUNCT",
    "{per} (/PUNCT {early} –/PUNCT {died} )/PUNCT was/AUX a/DET {mood} {job} ./PUNCT",
    "neither/CCONJ {company} nor/CCONJ {company} answered/VERB the/DET {job} ./PUNCT",
    "{country} ,/PUNCT {country} and/CCONJ {country} thanked/VERB the/DET {inst} ./PUNCT",
    "{plural} have/AUX never/ADV seen/VERB {lake} ./PUNCT",
    "every/DET {job} {modal} know/VERB where/ADV the/DET {place} is/AUX ./PUNCT",
    "{per} has/AUX been/AUX {ing} since/ADP {day} ./PUNCT",
    "let/VERB us/PRON meet/VERB at/ADP the/DET {place} in/ADP {city} at/ADP {num} ./PUNCT",
    "the/DET {adj} {place} was/AUX built/VERB by/ADP {company} in/ADP {late} ./PUNCT",
    "someone/PRON has/AUX left/VERB a/DET {adj} {thing} in/ADP the/DET {place} ./PUNCT",
    "reporters/NOUN from/ADP {media} asked/VERB {per} about/ADP the/DET {thing} ./PUNCT",
    "{per} joined/VERB {club} after/SCONJ leaving/VERB {club} ./PUNCT",
    "{club} lost/VERB to/ADP {club} in/ADP {city} last/ADJ {month} ./PUNCT",
    (
        "the/DET flight/NOUN to/ADP {city} leaves/VERB {time} ,/PUNCT "
        "but/CCONJ {per} is/AUX {mood} ./PUNCT"
    ),
    "on/ADP {day} ,/PUNCT {per} flew/VERB from/ADP {city} to/ADP {city} ./PUNCT",
    "can/AUX you/PRON show/VERB me/PRON the/DET {place} ,/PUNCT {per} ?/PUNCT",
    "students/NOUN at/ADP {univ} learn/VERB {subject} and/CCONJ {subject} ./PUNCT",
    "note/NOUN :/PUNCT the/DET {place} closes/VERB at/ADP {num} ./PUNCT",
    "what/DET a/DET {adj} {thing} !/PUNCT",
    "nothing/PRON grows/VERB on/ADP {peak} in/ADP {month} ./PUNCT",
    "{those} {animals} {modal} walk/VERB {adv} ./PUNCT",
    "{poss} {relative} mixed/VERB {food} with/ADP {food} and/CCONJ {food} ./PUNCT",
    (
        "the/DET {mood} {job} from/ADP {country} lost/VERB the/DET {thing} "
        "that/PRON {per} {past} ./PUNCT"
    ),
    "{food} or/CCONJ {food} ?/PUNCT",
    "the/DET {inst} and/CCONJ {company} sent/VERB {food} to/ADP {country} ./PUNCT",
    (
        "{per} studied/VERB {subject} at/ADP {univ} "
        "and/CCONJ later/ADV moved/VERB to/ADP {city} ./PUNCT"
    ),
    "{poss} {relative} is/AUX n't/PART {mood} ./PUNCT",
    "{per} {intrans} yesterday/NOUN ,/PUNCT and/CCONJ {per} {intrans} too/ADV ./PUNCT",
)

# Short pieces such as titles and list entries, for panx only.
FRAGMENTS = (
    "{per}",
    "{city} and/CCONJ {country}",
    "{per} (/PUNCT {job} )/PUNCT",
    "{subject} at/ADP {univ}",
    "list/NOUN of/ADP rivers/NOUN in/ADP {country}",
    "{club} (/PUNCT {late} )/PUNCT",
    "history/NOUN of/ADP the/DET {inst}",
    "{per} –/PUNCT {club}",
    "{late} :/PUNCT {per} ,/PUNCT {per} ,/PUNCT {per}",
    "{adj} {animals} of/ADP {country}",
    "''/PUNCT {per} ''/PUNCT",
    "{company} in/ADP {city} and/CCONJ {city}",
    "boats/NOUN on/ADP the/DET {river}",
    "{peak} and/CCONJ {lake}",
    "{job} for/ADP {media}",
    "museums/NOUN in/ADP {city} and/CCONJ {city}",
)


def parse_item(item: str, upos: str, ner: str) -> Sentence:
    """Read one entry of a word list or one fixed token of a template.

    Args:
        item: Tokens joined by ``_``, each with an optional ``/TAG``.
        upos: The tag of the tokens without one.
        ner: The name type, or the empty string for no name.

    Returns:
        The tokens with both tags.
    """
    tokens = []
    for position, part in enumerate(item.split("_")):
        form, _, tag = part.partition("/")
        name = f"{'I' if position else 'B'}-{ner}" if ner else "O"
        tokens.append(Token(form, tag or upos, name))
    return tuple(tokens)


def pick(rng: random.Random, options: Sequence[str]) -> str:
    """Choose one option, using only the generator's reproducible ``random()``."""
    return options[int(rng.random() * len(options))]


def compose_person(rng: random.Random) -> str:
    """Compose a personal name of one to five tokens, joined by ``_``."""
    given = GIVEN.split()
    draw = rng.random()
    if draw < 0.35:
        return pick(rng, given)
    names = [pick(rng, given)]
    if draw > 0.88:
        names.append(pick(rng, [name for name in given if name != names[0]]))
    return "_".join([*names, pick(rng, FAMILY.split())])


def fill(rng: random.Random, template: str) -> Sentence:
    """Fill a template with words, using no entry twice in a sentence.

    Args:
        rng: The random generator.
        template: One of the templates above.

    Returns:
        The composed sentence.
    """
    used: set[str] = set()
    tokens: list[Token] = []
    for item in template.split():
        if not item.startswith("{"):
            tokens.extend(parse_item(item, "X", ""))
            continue
        slot = item[1:-1]
        words = Words("PROPN", "PER", "") if slot == "per" else LEXICON[slot]
        entry = ""
        while not entry or entry in used:
            entry = compose_person(rng) if slot == "per" else pick(rng, words.entries.split())
        used.add(entry)
        tokens.extend(parse_item(entry, words.upos, words.ner))
    return polish(tokens)


def polish(tokens: Sequence[Token]) -> Sentence:
    """Put ``an`` before a vowel and a capital letter at the beginning.

    Args:
        tokens: The tokens of one sentence.

    Returns:
        The corrected sentence.
    """
    polished = list(tokens)
    for index in range(len(polished) - 1):
        if polished[index].form == "a" and polished[index + 1].form[0].lower() in "aeiou":
            polished[index] = polished[index]._replace(form="an")
    first = next(i for i, token in enumerate(polished) if token.form[0].isalnum())
    form = polished[first].form
    if polished[first].upos != "X":
        polished[first] = polished[first]._replace(form=form[0].upper() + form[1:])
    return tuple(polished)


def forms(sentence: Sentence) -> tuple[str, ...]:
    """Give the lower-case forms of a sentence, by which sentences are told apart."""
    return tuple(token.form.lower() for token in sentence)


def compose(
    rng: random.Random,
    templates: Sequence[str],
    count: int,
    seen: set[tuple[str, ...]],
) -> list[Sentence]:
    """Compose sentences from each template in turn.

    Args:
        rng: The random generator.
        templates: The templates to go through.
        count: How many sentences to compose.
        seen: Sentences that must not occur; the new ones are added.

    Returns:
        The sentences, in the order of composition.

    Raises:
        ValueError: If a template yields no new sentence.
    """
    sentences: list[Sentence] = []
    while len(sentences) < count:
        template = templates[len(sentences) % len(templates)]
        for _ in range(MAX_TRIES):
            sentence = fill(rng, template)
            if forms(sentence) not in seen:
                break
        else:
            raise ValueError(f"no new sentence from the template: {template}")
        seen.add(forms(sentence))
        sentences.append(sentence)
    return sentences


def compose_train(task: str, authored: Iterable[Sentence]) -> list[Sentence]:
    """Compose the English training sentences of one task, in a mixed order.

    Args:
        task: ``udpos`` or ``panx``.
        authored: The test and development sentences, which must not occur.

    Returns:
        As many sentences as ``TRAIN_SIZE`` says.
    """
    rng = random.Random(SEEDS[task])
    seen = {forms(sentence) for sentence in authored}
    fragments = FRAGMENT_SIZE if task == "panx" else 0
    sentences = compose(rng, TEMPLATES, TRAIN_SIZE - fragments, seen)
    sentences += compose(rng, FRAGMENTS, fragments, seen)
    keyed = [(rng.random(), index) for index in range(len(sentences))]
    return [sentences[index] for _, index in sorted(keyed)]


def read_authored(path: Path) -> list[Sentence]:
    """Read a file of authored sentences.

    Args:
        path: A file with ``token<TAB>UPOS<TAB>NER`` lines and blank lines between sentences.

    Returns:
        The sentences.

    Raises:
        ValueError: If a line does not have three fields.
    """
    sentences: list[Sentence] = []
    tokens: list[Token] = []
    for number, line in enumerate([*path.read_text(encoding="utf-8").splitlines(), ""], 1):
        if not line:
            if tokens:
                sentences.append(tuple(tokens))
            tokens = []
            continue
        fields = line.split("\t")
        if len(fields) != 3 or not all(fields):
            raise ValueError(f"{path.name}:{number}: expected token, UPOS and NER")
        tokens.append(Token(*fields))
    return sentences


def write_sentences(path: Path, sentences: Iterable[Sequence[str]]) -> None:
    """Write one line per token and a blank line after each sentence.

    Args:
        path: The file to write.
        sentences: The lines of each sentence.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join("".join(f"{line}\n" for line in lines) + "\n" for lines in sentences)
    path.write_text(text, encoding="utf-8", newline="\n")


def write_task(
    output: Path,
    task: str,
    tests: dict[str, list[Sentence]],
    dev: list[Sentence],
) -> None:
    """Write all files of one task.

    Args:
        output: The data folder.
        task: ``udpos`` or ``panx``.
        tests: The test sentences of each language.
        dev: The English development sentences.
    """
    column = 1 if task == "udpos" else 2
    inputs = output / "xtreme" / task
    for language, sentences in tests.items():
        name = f"test-{language}.tsv"
        write_sentences(inputs / name, ([t.form for t in s] for s in sentences))
        labels = output / "labels" / task / name
        write_sentences(labels, ([t[column] for t in s] for s in sentences))
    train = compose_train(task, [*tests["en"], *dev])
    for part, sentences in (("dev", dev), ("train", train)):
        lines = ([f"{t.form}\t{t[column]}" for t in s] for s in sentences)
        write_sentences(inputs / f"{part}-en.tsv", lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Compose the files of both tasks.

    Args:
        arguments: The command-line arguments; by default those of the process.

    Returns:
        The exit status.
    """
    parser = argparse.ArgumentParser(description="Compose the mini udpos and panx files.")
    parser.add_argument("--output", type=Path, default=HERE / "data", help="data folder")
    output: Path = parser.parse_args(arguments).output
    authored = HERE / "authored"
    tests = {lang: read_authored(authored / f"tagged-{lang}.tsv") for lang in LANGUAGES}
    dev = read_authored(authored / "tagged-dev-en.tsv")
    for task in ("udpos", "panx"):
        write_task(output, task, tests, dev)
    return 0


if __name__ == "__main__":
    sys.exit(main())
