"""A study's file: what is wrong in it is named by line and column, before anything runs."""

import math
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command_line import use_cache
from support.places import MINI

from harness.data.toml_file import place_of
from harness.errors import HarnessError
from harness.studies.study_file import read_study

HEAD = """benchmark = "mini"
recipes = ["quick"]
targets = ["xnli"]
languages = ["en", "de"]
device = "cpu"
threads = 1
limit = 6
max_steps = 2
"""
MARK = "§"  # stands before what is wrong
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_cache(tmp_path / "cache", monkeypatch)


@pytest.fixture
def refused(tmp_path: Path, run: Run, tiny: Path) -> Callable[..., str]:
    """Run a study that must be refused; give what is said after the place, which is checked."""

    def call(text: str, command: str = "run") -> str:
        if "[checkpoints" not in text:
            text += f'\n[checkpoints]\ntiny = "{tiny}"\n'
        before = text.partition(MARK)[0]
        line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
        file = tmp_path / "faulty.toml"
        file.write_text(text.replace(MARK, ""))
        store, output = tmp_path / "store", tmp_path / "out"
        more = ["--output", output] if command == "run" else []
        code, out, err = run("study", command, file, "--store", store, *more)
        assert code == 2
        assert out == ""
        assert err.endswith("\n") and err.count("\n") == 1, err
        assert not store.exists() and not output.exists()
        if MARK in text:
            assert err.startswith(f"error: {file}:{line}:{column}: "), (err, line, column)
        else:
            assert err.startswith("error: ")
        return err

    return call


UNKNOWN = {
    "key at the top": (HEAD + '§benchmrak = "mini"\n', "'benchmrak'; did you mean benchmark?"),
    "key in a table": (
        HEAD + '[intermediate.mix]\ntrain = ["mnli", "qqp"]\n§wieghts = {mnli = 1, qqp = 2}\n',
        "'wieghts'; did you mean weights?",
    ),
    "key in an inline table": (
        HEAD + '[intermediate]\nb = ["mnli"]\nmix = {train = ["mnli", "qqp"], §frm = "b"}\n',
        "'frm'; did you mean from?",
    ),
    "key of a checkpoint": (
        HEAD + '[checkpoints]\ntiny = {path = "/x", §intermediat = "mnli"}\n',
        "'intermediat'; did you mean intermediate?",
    ),
    "key in settings": (
        HEAD + "[settings.default]\nepochs = 2\n§lerning_rate = 1e-3\n",
        "'lerning_rate'; did you mean learning_rate?",
    ),
    "key in settings of a format": (
        HEAD + '[settings.format."token tagging"]\n§max_lenth = 64\n',
        "'max_lenth'; did you mean max_length",
    ),
    "key in settings of an intermediate setting": (
        HEAD + '[intermediate.a]\ntrain = ["mnli"]\n[intermediate.a.settings]\n§epoch = 1\n',
        "'epoch'; did you mean epochs?",
    ),
    "key in inline settings": (
        HEAD + '[intermediate]\na = {train = ["mnli"], settings = {epochs = 1, §lra = 8}}\n',
        "'lra'; did you mean lora",
    ),
    "table of settings": (HEAD + "[§settings.defualt]\nepochs = 2\n", "did you mean default"),
    "key in settings that is one elsewhere": (
        HEAD + '[intermediate.a]\ntrain = ["mnli"]\n[settings.default]\n§train = 3\n',
        "unknown key 'train'",
    ),
    "target": (
        HEAD.replace('["xnli"]', '["xnli", "§pawx"]'), "unknown task 'pawx'; did you mean pawsx",
    ),
    "benchmark": (HEAD.replace('"mini"', '"§minni"'), "unknown benchmark 'minni'; did you mean"),
    "recipe": (HEAD.replace('["quick"]', '["quick", "§xtrem"]'), "did you mean xtreme?"),
    "training set": (
        HEAD + '[intermediate]\na = ["mnli", "§helaswag"]\n', "did you mean hellaswag?",
    ),
    "training set in a table": (
        HEAD + '[intermediate.a]\nmlm = 0.1\ntrain = [\n  "mnli",\n  "§sqaud_v2",\n]\n', "squad_v2",
    ),
    "training set called as its setting": (
        HEAD + '[intermediate]\nhelaswag = ["mnli", "§helaswag"]\n', "did you mean hellaswag?",
    ),
    "variant of a training set": (HEAD + '[intermediate]\na = ["§mnli[de"]\n', "mnli[de]"),
    "format of settings": (
        HEAD + '[§settings.format."span extracton"]\nstride = 20\n',
        "did you mean span extraction?",
    ),
    "training set of settings": (
        HEAD + "[§settings.training.xnly-en]\nepochs = 1\n", "did you mean xnli-en",
    ),
    "task where a training set should be": (
        HEAD + "[§settings.training.xnli]\nepochs = 1\n", "'xnli'; did you mean xnli-en",
    ),
    "intermediate task of settings": (
        HEAD + "[§settings.intermediate.helaswag]\nepochs = 1\n", "did you mean hellaswag?",
    ),
    "sampling": (
        HEAD + '[settings.intermediate.mixture]\n§sampling = "cappd"\n', "did you mean capped?",
    ),
    "precision": (HEAD + 'precision = "§bf61"\n', "unknown precision 'bf61'; did you mean bf16"),
    "device": (HEAD.replace('"cpu"', '"§gpu"'), "device 'gpu' is not usable here"),
    "key beside no train": (
        HEAD + '[intermediate]\na = {§trian = ["mnli"]}\n', "'trian'; did you mean train?",
    ),
    "weight": (
        HEAD + '[intermediate.a]\ntrain = ["mnli", "qqp"]\nweights = {mnli = 1, §qpq = 2}\n',
        "'qpq'; did you mean qqp?",
    ),
    "weight in a table": (
        HEAD + '[intermediate.a]\ntrain = ["mnli", "qqp"]\n'
        "[intermediate.a.weights]\nmnli = 1\n§qpq = 2\n",
        "'qpq'; did you mean qqp?",
    ),
    "from": (
        HEAD + '[intermediate]\nmnli = ["mnli"]\nb = {train = ["qqp"], from = "§mnl"}\n',
        "unknown intermediate setting 'mnl'; did you mean mnli?",
    ),
    "baseline of a checkpoint": (
        HEAD + '[checkpoints]\ntiny = "/x"\nother = {path = "/y", intermediate = "all",'
        ' baseline = "§tinny"}\n',
        "unknown baseline 'tinny'; did you mean tiny?",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNKNOWN)
def test_an_unknown_name_is_placed_with_the_nearest(case: str, refused: Callable[..., str]) -> None:
    text, said = UNKNOWN[case]
    assert said in refused(text)


@pytest.mark.parametrize(
    "text",
    [
        "§{} = 1\n",
        'targets = ["§{}"]\n',
        "[settings.default]\n§{} = 1\n",
        'seeds = [1]\n§{} = "x"\n',
    ],
)
def test_an_endless_name_is_cut(text: str, refused: Callable[..., str]) -> None:
    said = refused(text.format("k" * 20_000))
    assert "unknown" in said and len(said) < 1000


@pytest.mark.parametrize("command", ["plan", "run", "table"])
def test_every_command_refuses_alike(command: str, refused: Callable[..., str]) -> None:
    assert "did you mean benchmark?" in refused(HEAD + '§benchmrak = "mini"\n', command)


KINDS = {
    "targets": ('"xnli"', "3", "[1]", '[""]'),
    "seeds": ("1", "[]", "[-1]", '["1"]', "[true]", "[1.5]"),
    "recipes": ('"quick"', "[[]]"),
    "languages": ('"en"', "{en = 1}"),
    "benchmark": ("3", '["mini"]'),
    "data": ("1", "true"),
    "labels": ('["x"]',),
    "limit": ("-1", "1.5", '"6"', "true"),
    "max_steps": ("-2", '"2"'),
    "device": ("0",),
    "precision": ("32",),
    "deterministic": ("1", '"true"'),
    "threads": ("-1", "true", "1.0"),
    "processes": ('"2"',),
    "intermediate": ('["mnli"]', '"mnli"'),
    "settings": ("3",),
    "about": ("3",),
}


@pytest.mark.parametrize(("key", "value"), [(k, v) for k, some in KINDS.items() for v in some])
def test_a_value_of_another_kind_is_placed(
    key: str, value: str, refused: Callable[..., str]
) -> None:
    rest = re.sub(rf"^{key} = .*\n", "", HEAD, flags=re.MULTILINE)
    said = refused(f"{rest}§{key} = {value}\n")
    assert f"{key} should be a " in said or "; expected a whole number from " in said


OF_INTERMEDIATE = {
    "text for a list": ('§a = "mnli"', "a should be a list of training sets"),
    "empty list": ("§a = []", "a should be a list of training sets"),
    "no train": ("§a = {mlm = 0.1}", "a should be a list of training sets"),
    "numbers": ("a = {§train = [1]}", "train should be a list of strings"),
    "list with a number": ('§a = ["mnli", 1]', "train should be a list of strings"),
    "mlm of 1": ('a = {train = ["mnli"], §mlm = 1}', "from 0 to below 1"),
    "mlm below 0": ('a = {train = ["mnli"], §mlm = -0.1}', "from 0 to below 1"),
    "mlm after a set of that name": ('a = {train = ["mlm"], §mlm = 2}', "from 0 to below 1"),
    "mlm as text": ('a = {train = ["mnli"], §mlm = "0.1"}', "from 0 to below 1"),
    "from a number": ('a = {train = ["mnli"], §from = 3}', "from should be a text"),
    "weights as list": ('a = {train = ["mnli"], §weights = [1]}', "weights should be a table"),
    "weight missing": ('a = {train = ["mnli", "qqp"], §weights = {mnli = 1}}', "no weight for qqp"),
    "weight 0": (
        'a = {train = ["mnli", "qqp"], weights = {§mnli = 0, qqp = 1}}', "number from 1e-06",
    ),
    "weight below 0": (
        'a = {train = ["qqp", "mnli"], weights = {mnli = 1, §qqp = -1.5}}', "number from 1e-06",
    ),
    "weight nan": (
        'a.train = ["mnli", "qqp"]\n[intermediate.a.weights]\nmnli = 1\n§qqp = nan',
        "number from 1e-06",
    ),
    "weight infinite": (
        'a.train = ["mnli", "qqp"]\n[intermediate.a.weights]\nmnli = 1\n§qqp = inf',
        "number from 1e-06",
    ),
    "weight true": (
        'a.train = ["mnli", "qqp"]\n[intermediate.a.weights]\nmnli = 1\n§qqp = true',
        "number from 1e-06",
    ),
    "setting of another kind": (
        'a.train = ["mnli"]\n[intermediate.a.settings]\n§epochs = 0', "epochs = 0",
    ),
    "setting inline, a fitting one above": (
        'b.train = ["mnli"]\n[settings.default]\nepochs = 1\n[intermediate.a]\ntrain = ["mnli"]\n'
        "settings = {§epochs = 0}",
        "epochs = 0",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", OF_INTERMEDIATE)
def test_an_intermediate_setting_that_does_not_fit_is_placed(
    case: str, refused: Callable[..., str]
) -> None:
    text, said = OF_INTERMEDIATE[case]
    assert said in refused(f"{HEAD}[intermediate]\n{text}\n")


def test_the_baseline_cannot_be_redefined(refused: Callable[..., str]) -> None:
    assert "baseline" in refused(HEAD + '[intermediate]\n§baseline = ["mnli"]\n')
    assert "baseline" in refused(HEAD + '[§intermediate.baseline]\ntrain = ["mnli"]\n')


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('a = {train = ["mnli"], §from = "a"}', "a from a"),
        (
            'a = {train = ["mnli"], §from = "b"}\nb = {train = ["qqp"], from = "a"}',
            "a from b from a",
        ),
        (
            'a = {train = ["mnli"], §from = "b"}\nb = {train = ["qqp"], from = "c"}\n'
            'c = {train = ["snli"], from = "a"}',
            "a from b from c from a",
        ),
    ],
)
def test_a_circle_is_placed_and_told(text: str, names: str, refused: Callable[..., str]) -> None:
    assert f"a circle: {names}" in refused(f"{HEAD}[intermediate]\n{text}\n")


def test_from_the_baseline_is_from_the_checkpoint(tiny: Path, write: Callable[..., Path]) -> None:
    text = f'[checkpoints]\ntiny = "{tiny}"\n[intermediate]\n'
    text += 'a = {train = ["qqp"], from = "baseline"}\n'
    study = read_study(write("s.toml", HEAD + text))
    assert study.intermediate[1].after in ("baseline", "")


def test_no_checkpoints(run: Run, tmp_path: Path, write: Callable[..., Path]) -> None:
    for text in (HEAD, HEAD + "[checkpoints]\n"):
        file = write("none.toml", text)
        code, out, err = run("study", "run", file, "--store", tmp_path / "store")
        assert (code, out) == (2, "")
        assert err.startswith(f"error: {file}:1:1: no [checkpoints]") and err.count("\n") == 1
    assert "should be a path" in _wrong(write("x.toml", HEAD + "[checkpoints]\ntiny = 3\n"))
    assert "should be a path" in _wrong(write("x.toml", HEAD + '[checkpoints.t]\nbaseline="x"\n'))


def _wrong(file: Path) -> str:
    with pytest.raises(HarnessError) as caught:
        read_study(file)
    return str(caught.value)


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("seeds", "[1, 2, 1]", "1 stands twice in seeds"),
        ("targets", '["xnli", "§xnli"]', "'xnli' stands twice in targets"),
        ("languages", '["en", "en"]', "'en' stands twice in languages"),
        ("recipes", '["quick", "quick"]', "'quick' stands twice in recipes"),
        ("recipes", "[]", "no recipe"),
        (
            "seeds",
            "[4294967296]",
            "seed = 4294967296; expected a whole number from 0 to 4294967295",
        ),
        ("data", '"nowhere"', "no such folder"),
        ("recipes", '["mine.toml"]', "mine.toml: no such file"),
    ],
)
def test_lists_and_places_are_checked(
    key: str, value: str, said: str, tiny: Path, tmp_path: Path, run: Run
) -> None:
    rest = re.sub(rf"^{key} = .*\n", "", HEAD, flags=re.MULTILINE)
    file = tmp_path / "s.toml"
    value = value.replace(MARK, "")
    file.write_text(f'{rest}{key} = {value}\n[checkpoints]\ntiny = "{tiny}"\n')
    code, _, err = run("study", "plan", file, "--store", tmp_path / "store")
    line = rest.count("\n") + 1
    assert code == 2 and err.startswith(f"error: {file}:{line}:") and said in err
    assert err.count("\n") == 1


ROWS = {
    "baseline alone": ('b = {path = "/y", §baseline = "a"}', "say also what it was trained on"),
    "own setting": (
        'b = {path = "/y", intermediate = "§mnli", baseline = "a"}',
        "there is a row 'mnli' beside a",
    ),
    "two alike": (
        'b = {path = "/y", intermediate = "M", baseline = "a"}\n'
        'c = {path = "/z", intermediate = "§M", baseline = "a"}',
        "there is a row 'M' beside a",
    ),
    "called baseline": (
        'b = {path = "/y", intermediate = "§baseline", baseline = "a"}',
        "there is a row 'baseline'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", ROWS)
def test_no_two_rows_of_a_table_bear_one_name(case: str, refused: Callable[..., str]) -> None:
    text, said = ROWS[case]
    text = f'{HEAD}[checkpoints]\na = "/x"\n{text}\n[intermediate]\nmnli = ["mnli"]\n'
    assert said in refused(text)


def test_no_toml_and_no_file(write: Callable[..., Path], tmp_path: Path) -> None:
    said = _wrong(write("broken.toml", HEAD + 'targets = ["xnli"\n[x]\n'))
    assert re.search(r"broken\.toml:\d+:\d+: no valid TOML", said)
    assert "no valid TOML" in _wrong(write("deep.toml", "about = " + "[" * 5000 + "]" * 5000))
    assert "no valid TOML" in _wrong(write("long.toml", "limit = " + "1" * 5000))
    assert "a folder" in _wrong(tmp_path)
    assert "no such file" in _wrong(tmp_path / "none.toml")
    assert "UTF-8" in _wrong(write("bytes.toml", b'about = "\xff"\n'))


def test_a_missing_checkpoint_is_named(refused: Callable[..., str], tiny: Path) -> None:
    text = f'{HEAD}[checkpoints]\ntiny = "{tiny}"\nother = "../nowhere/at-all"\n'
    assert "../nowhere/at-all: no such folder" in refused(text)


def test_no_packaged_checkpoint(
    refused: Callable[..., str], small_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = HEAD.replace('"mini"', '"xtreme"') + f'data = "{small_data / "xtreme"}"\n'
    assert "brings no checkpoint" in refused(text + '[checkpoints]\npk = "packaged"\n')


def test_data_that_is_not_there_is_named(refused: Callable[..., str], small_data: Path) -> None:
    shutil.rmtree(small_data / "intermediate" / "qqp")
    head = HEAD + f'data = "{small_data}"\n'
    mix = '[intermediate]\nfirst = ["mnli"]\nmix = ["mnli", "qqp"]\n'
    assert "qqp: no train data to learn from" in refused(head + mix)
    shutil.rmtree(small_data / "xtreme" / "xnli")
    said = refused(head + '[intermediate]\nfirst = ["hellaswag"]\n')
    assert "xnli" in said or "mnli" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('device = "cuda:77"', "is not usable here"),
        ('precision = "fp23"', "unknown precision 'fp23'"),
        ('languages = ["en", "zz"]', "unknown language 'zz'"),
    ],
)
def test_what_only_planning_can_know_is_named_too(
    line: str, said: str, refused: Callable[..., str]
) -> None:
    rest = re.sub(rf"^{line.split(maxsplit=1)[0]} = .*\n", "", HEAD, flags=re.MULTILINE)
    assert said in refused(f"{rest}{line}\n")


def test_inputs_longer_than_the_encoder_reads(refused: Callable[..., str]) -> None:
    assert "max_length 300" in refused(HEAD + "[settings.default]\nmax_length = 300\n")


def test_a_checkpoint_of_somebody_elses(tiny: Path, write: Callable[..., Path]) -> None:
    text = f"""{HEAD}
[checkpoints]
tiny = "{tiny}"
other = {{path = "{tiny}", intermediate = "mnli, elsewhere", baseline = "tiny"}}
"""
    tiny_start, other = read_study(write("s.toml", text)).checkpoints
    assert (tiny_start.intermediate, tiny_start.baseline) == ("", "")
    assert (other.intermediate, other.baseline) == ("mnli, elsewhere", "tiny")
    assert other.where == str(tiny)
    said = _wrong(write("s.toml", text.replace(', baseline = "tiny"', "")))
    assert "unknown baseline ''" in said
    # a row cannot be compared with another that was itself trained on something
    assert "unknown baseline 'other'" in _wrong(
        write("s.toml", text.replace('baseline = "tiny"', 'baseline = "other"'))
    )


def test_paths_are_from_the_files_folder(tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "deep"
    shutil.copytree(tiny, folder / "here")
    (folder / "s.toml").write_text(
        HEAD.replace('["quick"]', '["own.toml"]')
        + 'data = "rows"\nlabels = "gold"\n[checkpoints]\nt = "here"\n'
    )
    study = read_study(folder / "s.toml")
    assert study.checkpoints[0].where == str(folder / "here")
    assert (study.data, study.labels) == (folder / "rows", folder / "gold")


def test_every_packaged_study_reads() -> None:
    files = sorted((MINI.parent.parent.parent / "studies").glob("*.toml"))
    assert files
    for file in files:
        assert read_study(file).checkpoints


# --- where a key stands

BARE = ("train", "from", "mlm", "mnli", "weights", "a-b", "b", "x_1", "3")
QUOTED = ("token tagging", "span.extraction", "anli+", "mnli[de]", "train", "mlm")
names = st.one_of(st.sampled_from(BARE), st.sampled_from(QUOTED))
leaves = st.one_of(
    st.integers(0, 9).map(str),
    st.sampled_from([*BARE, *QUOTED]).map(lambda word: f'"{word}"'),
    st.lists(st.sampled_from(BARE).map(lambda word: f'"{word}"'), max_size=3).map(
        lambda some: f"[{', '.join(some)}]"
    ),
)
twigs = st.one_of(leaves, st.dictionaries(names, leaves, max_size=2))
trees = st.dictionaries(
    names,
    st.one_of(leaves, st.dictionaries(names, twigs, max_size=3)),
    min_size=1,
    max_size=4,
)  # fmt: skip


class Writer:
    """Writes a tree as TOML, noting where each key stands: (line, start of the written key)."""

    def __init__(self, draw: Callable[..., object]) -> None:
        self.draw, self.text = draw, ""
        self.places: dict[tuple[str, ...], set[tuple[int, int]]] = {}

    def here(self, more: int = 0) -> tuple[int, int]:
        return self.text.count("\n") + 1, len(self.text.rpartition("\n")[2]) + 1 + more

    def key(self, name: str) -> str:
        bare = all(c.isalnum() or c in "-_" for c in name)
        quotes = ["", '"', "'"] if bare else ['"', "'"]
        quote = self.draw(st.sampled_from(quotes))
        return f"{quote}{name}{quote}"

    def note(self, path: tuple[str, ...], written: str, first: tuple[int, int]) -> None:
        """A key may be pointed at by its own beginning (with or without its quote), or by the
        beginning of the dotted name that it ends."""
        line, column = self.here()
        quote = written[0] in "\"'"
        self.places.setdefault(path, set()).update({(line, column), (line, column + quote), first})

    def dotted(self, path: tuple[str, ...], parts: tuple[str, ...]) -> None:
        first = self.here()
        for i, name in enumerate(parts):
            written = self.key(name)
            before = path[: len(path) - len(parts) + i + 1]
            if before not in self.places or i == len(parts) - 1:
                self.note(before, written, first)
            self.text += written + ("." if i < len(parts) - 1 else "")

    def inline(self, path: tuple[str, ...], tree: object) -> None:
        if isinstance(tree, str):
            self.text += tree
            return
        self.text += "{"
        for i, (name, value) in enumerate(tree.items()):  # type: ignore[attr-defined]
            self.text += ", " if i else ""
            written = self.key(name)
            self.note((*path, name), written, self.here())
            self.text += f"{written} = "
            self.inline((*path, name), value)
        self.text += "}"

    def table(self, path: tuple[str, ...], tree: dict[str, object], above: int) -> None:
        """Write what stands directly in a table, then its tables."""
        later = {}
        for name, value in tree.items():
            how = "plain" if isinstance(value, str) else self.draw(st.sampled_from(
                ["inline", "dotted", "table"] if value else ["inline", "table"]
            ))  # fmt: skip
            if how == "table":
                later[name] = value
            elif how == "dotted":
                for inner, deep in value.items():  # type: ignore[attr-defined]
                    self.text += " " * self.draw(st.integers(0, 2))  # type: ignore[operator]
                    self.dotted((*path, name, inner), (name, inner))
                    self.text += " = "
                    self.inline((*path, name, inner), deep)
                    self.text += "\n"
            else:
                self.dotted((*path, name), (name,))
                self.text += " = "
                self.inline((*path, name), value)
                self.text += "\n"
        for name, value in later.items():
            self.text += "["
            self.dotted((*path, name), (*path, name))
            self.text += "]\n"
            self.table((*path, name), value, above + 1)


@given(st.data())
def test_the_place_of_a_key_is_where_it_was_written(data: st.DataObject) -> None:
    import tomllib

    tree = data.draw(trees)
    writer = Writer(data.draw)
    writer.table((), tree, 0)
    tomllib.loads(writer.text)
    for path, places in writer.places.items():
        if path:
            assert place_of(writer.text, path) in places, (path, writer.text)


def test_the_place_of_a_value_is_after_its_key() -> None:
    text = 'x = "mnli"\n[intermediate]\nmnli = ["qqp", "mnli"]\nb = {train = ["mnli"]}\n'
    assert place_of(text, ("intermediate", "b", "train"), "mnli") == (4, 16)
    assert place_of(text, ("x",), "mnli") == (1, 6)
    assert place_of(text, ("nothing", "of", "this")) == (1, 1)
    line, column = place_of(text, ("intermediate", "mnli"), "mnli")
    assert (line, column) == (3, 17)  # the value, not the key of the same name
    assert math.isfinite(column)
