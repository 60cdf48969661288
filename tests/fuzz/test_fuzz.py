"""Spoilt files of every kind that comes from outside, some two thousand a run.

Whatever is in a file, the command line ends with 0, 1 or 2 and no traceback; with 2 it says one
``error:`` line; and nothing gets a score that a slow reader of the official rules calls broken, or
another score than that reader's.

    FUZZ=20 pytest tests/fuzz                 # twenty times as many cases
    FUZZ_SEED=17 pytest tests/fuzz -k recipe  # one case alone, as a failure names it
"""

import json
import os
import shutil
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random

import mutators
import pytest
import slow_reader
from support.command_line import use_cache
from support.names import NINE
from support.places import MINI, ROOT
from support.tiny import QUICKEST

from harness.errors import HarnessError
from harness.models.checkpoint import Checkpoint, open_checkpoint

pytestmark = pytest.mark.slow
Run = Callable[..., tuple[int, str, str]]
Case = Callable[[Random], str]
MORE = int(os.environ.get("FUZZ", "1"))
STUDY = """about = "fuzz"
benchmark = "mini"
targets = ["xnli", "tatoeba"]
languages = ["de", "en"]
recipes = ["quick"]
seeds = [1, 2]
device = "cpu"
precision = "fp32"
threads = 1
processes = 1
limit = 6
max_steps = 2
data = "{data}"
labels = "{data}/labels"

[checkpoints]
tiny = "{tiny}"
other = {{ path = "{tiny}", intermediate = "MNLI", baseline = "tiny" }}

[intermediate]
mnli = ["mnli"]
mix = {{ train = ["mnli", "qqp"], weights = {{ mnli = 2, qqp = 1.5 }}, mlm = 0.25 }}
chain = {{ train = ["hellaswag"], from = "mnli", settings = {{ epochs = 2 }} }}

[settings.default]
max_length = 64
layer = "last"

[settings.training.xnli-en]
keep_head = true

[settings.format."token tagging"]
learning_rate = 1e-4

[settings.intermediate.mixture]
sampling = "capped"
temperature = 2.0
"""


def seeds(count: int) -> list[int]:
    """The seeds of a run's cases, or the one that was asked for."""
    one = os.environ.get("FUZZ_SEED")
    return list(range(count * MORE)) if one is None else [int(one)]


def fuzz(kind: str, count: int, case: Case, check: Callable[[str], None]) -> int:
    """Go through a kind's cases and tell all that fail at the end; with how many there were.

    Args:
        kind: Its name; with the seed it decides what a case does.
        count: How many cases an ordinary run has.
        case: Spoils something and says what it did.
        check: Raises AssertionError, or whatever escapes, where the case fails.
    """
    failures, tried = [], seeds(count)
    for seed in tried:
        done = case(Random(f"{kind} {seed}"))
        try:
            check(done)
        except Exception as error:
            where = traceback.format_tb(error.__traceback__)[-1].strip().splitlines()[0]
            failures.append(
                f"FUZZ_SEED={seed} -k {kind}: {done}\n    {type(error).__name__}: {error!s:.300}"
                f"\n    {where}"
            )
    assert not failures, f"{len(failures)} of {len(tried)} cases:\n" + "\n".join(failures[:20])
    return len(tried)


def ended_well(code: int, out: str, err: str) -> None:
    """Check how a command ended."""
    assert code in (0, 1, 2), f"exit code {code}"
    assert "Traceback" not in out + err
    errors = [line for line in err.splitlines() if line.startswith("error:")]
    assert len(errors) == (code == 2), f"exit code {code} and {errors}"
    if code == 2:
        assert err.splitlines()[-1] == errors[0], err


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_cache(tmp_path / "cache", monkeypatch)
    monkeypatch.chdir(tmp_path)


def test_study(run: Run, tiny: Path, tmp_path: Path) -> None:
    file, ends = tmp_path / "study.toml", set()
    plain = STUDY.format(tiny=tiny, data=MINI).encode()

    def case(draw: Random) -> str:
        kinds = draw.choice([mutators.TOML, mutators.TOML, mutators.ANY, mutators.ENDS])
        raw, done = mutators.spoilt(plain, draw, kinds)
        file.write_bytes(raw)
        return done

    def check(done: str) -> None:
        code, out, err = run("study", "plan", file, "--store", tmp_path / "store", "--offline")
        ended_well(code, out, err)
        assert not (tmp_path / "store").exists()
        ends.add(code)

    file.write_bytes(plain)
    assert run("study", "plan", file, "--store", tmp_path / "store", "--offline")[0] == 0
    assert fuzz("study", 350, case, check) < 100 or ends == {0, 2}


def test_recipe(run: Run, tiny: Path, tmp_path: Path) -> None:
    file, ends = tmp_path / "recipe.toml", set()
    plain = [path.read_bytes() for path in sorted((ROOT / "harness" / "recipes").glob("*.toml"))]
    words = ("--benchmark", "mini", "--tasks", "xnli,tatoeba", "--languages", "de", "--dry-run")
    words += ("--offline", "--device", "cpu", "--threads", 1, "--store", tmp_path / "store")

    def case(draw: Random) -> str:
        kinds = draw.choice([mutators.TOML, mutators.TOML, mutators.ANY, mutators.ENDS])
        raw, done = mutators.spoilt(draw.choice([*plain, QUICKEST.encode()]), draw, kinds)
        file.write_bytes(raw)
        return done

    def check(done: str) -> None:
        code, out, err = run("eval", tiny, "--recipe", file, *words)
        ended_well(code, out, err)
        assert not (tmp_path / "store").exists()
        ends.add(code)

    assert fuzz("recipe", 350, case, check) < 100 or ends == {0, 2}


def opened(folder: Path) -> bool:
    """Open a checkpoint; say whether it was taken."""
    try:
        found = open_checkpoint(str(folder), offline=True)
    except HarnessError:
        return False
    return isinstance(found, Checkpoint)


@pytest.mark.parametrize("kind", ["config", "safetensors"])
def test_checkpoint(kind: str, tiny: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny, tmp_path / "copy"))
    path = folder / ("config.json" if kind == "config" else "model.safetensors")
    plain, ends = path.read_bytes(), set()

    def case(draw: Random) -> str:
        if kind == "safetensors":
            raw, done = mutators.safetensors(plain, draw)
        else:
            kinds = draw.choice([mutators.JSON, mutators.JSON, mutators.ANY])
            raw, done = mutators.spoilt(plain, draw, kinds)
        path.write_bytes(raw)
        return done

    assert opened(folder)
    count = fuzz(kind, 300, case, lambda done: ends.add(opened(folder)))
    assert count < 100 or False in ends


LANGUAGES = ("de", "zh")


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels in two languages, and predictions that are right but for one in five."""
    folder, draw = tmp_path_factory.mktemp("right"), Random("right")
    for code in LANGUAGES:
        for gold in sorted((MINI / "labels").glob(f"*/test-{code}.*")):
            if gold.parent.name not in NINE:
                continue
            for side in ("labels", "predictions"):
                (folder / side / gold.parent.name).mkdir(parents=True, exist_ok=True)
            shutil.copy(gold, folder / "labels" / gold.parent.name)
            path = folder / "predictions" / gold.parent.name / gold.name
            if gold.suffix == ".json":
                answers = {name: given[0] for name, given in slow_reader.answers_of(gold)}
                names = sorted(answers)
                wrong = {name: answers[draw.choice(names)] for name in names[::5]}
                path.write_text(json.dumps(answers | wrong, ensure_ascii=False), "utf-8")
            else:
                lines = gold.read_text("utf-8").splitlines()
                tags = [i for i, line in enumerate(lines) if line][::5]
                lines = [lines[draw.choice(tags)] if i in tags else n for i, n in enumerate(lines)]
                path.write_text("\n".join(lines) + "\n", "utf-8")
    return folder


class Work:
    """A copy of a folder, spoilt case by case and made whole again before each."""

    def __init__(self, whole: Path, place: Path) -> None:
        self.whole, self.place = whole, Path(shutil.copytree(whole, place))
        self.spoilt = ""  # one file, or all that is in a folder

    def spoil(self, part: str, draw: Random) -> str:
        """Spoil a file of a part of the folder, or now and then the part itself."""
        path = self.place / self.spoilt
        if path.is_file() and (self.whole / self.spoilt).is_file() and not path.is_symlink():
            shutil.copyfile(self.whole / self.spoilt, path)
        elif self.spoilt:
            shutil.rmtree(path)
            shutil.copytree(self.whole / self.spoilt, path)
        self.spoilt = part
        if draw.random() < 0.15:
            return f"{part}: {mutators.spoil_folder(self.place / part, draw)}"
        chosen = draw.choice(mutators.files(self.place / part))
        self.spoilt = str(chosen.relative_to(self.place))
        return f"{self.spoilt}: {mutators.spoil_file(chosen, draw)}"


def test_score(run: Run, right: Path, tmp_path: Path) -> None:
    work, ends = Work(right, tmp_path / "work"), {"scored": 0, "refused": 0, "broken": 0}
    predictions, labels = work.place / "predictions", work.place / "labels"

    def case(draw: Random) -> str:
        side = draw.choice(["predictions", "predictions", "labels"])
        return work.spoil(side, draw)

    def check(done: str) -> None:
        words = ("--labels", labels, "--benchmark", "mini", "--json")
        code, out, err = run("score", predictions, *words)
        ended_well(code, out, err)
        expected, broken = slow_reader.scores_of(predictions, labels)
        ends["broken"] += bool(broken)
        ends["refused" if code else "scored"] += 1
        if code == 0:
            given = json.loads(out)["tasks"]
            for task, one in given.items():
                for language, scores in one["languages"].items():
                    assert (task, language) in expected, f"{task} {language} scored: {broken}"
                    own = {name: scores[name] for name in expected[task, language]}
                    assert own == pytest.approx(expected[task, language], abs=1e-9)

    assert fuzz("score", 500, case, check) < 100 or min(ends.values()) > 50, ends


FILES = ("xtreme/xnli", "xtreme/udpos", "xtreme/mlqa", "xtreme/squad", "xtreme/bucc2018")
FILES += ("xtreme/tatoeba", "labels/udpos", "labels/xquad", "intermediate/hellaswag")
FILES += ("intermediate/mnli", "intermediate/qqp", "intermediate/cosmosqa", "intermediate/ccg")
FILES += ("intermediate/squad_v2.0", "intermediate/mlm", "intermediate/siqa")
TASKS = {"squad": "xquad", "cosmosqa": "cosmosqa", "squad_v2.0": "squad_v2", "siqa": "socialiqa"}


def test_data(run: Run, tmp_path: Path) -> None:
    work, ends = Work(MINI, tmp_path / "work"), set()
    asked = ""

    def case(draw: Random) -> str:
        nonlocal asked
        name = draw.choice(FILES)
        asked = TASKS.get(Path(name).name, Path(name).name)
        return work.spoil(name, draw)

    def check(done: str) -> None:
        code, out, err = run("data", "check", work.place, "--benchmark", "mini", "--tasks", asked)
        ended_well(code, out, err)
        ends.add(code)

    assert fuzz("data", 250, case, check) < 100 or ends == {0, 2}
