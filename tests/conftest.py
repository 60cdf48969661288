"""Shared fixtures: tiny random checkpoints, the packaged data, the real rows."""

import atexit
import gc
import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support.places import MINI, ROOT
from support.tiny import QUICKEST, make_checkpoint

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported; workers share the cores
os.environ["HF_HUB_OFFLINE"] = "1"
if "PYTEST_XDIST_WORKER" not in os.environ:  # what any process of the run leaves goes with the run
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir())  # tmp_path stays outside
    os.environ["TMPDIR"] = tempfile.mkdtemp(prefix="xt-")  # short: Ray's sockets lie below it
    atexit.register(shutil.rmtree, os.environ["TMPDIR"], ignore_errors=True)
    tempfile.tempdir = None  # it remembers the folder from before
os.environ["XDG_CACHE_HOME"] = tempfile.mkdtemp(prefix="cache-")  # no fact of other runs
os.environ["TOKENIZERS_PARALLELISM"] = "false"
settings.register_profile(  # how long an example takes says nothing on a busy machine
    "no time", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("no time")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that have most slow tests, so that no worker ends with one alone."""
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: -slow[item.path])  # files stay whole, and the rest as it was


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real rows; tests that need it skip loudly where it is not there."""
    path = Path(os.environ.get("XTREME_DATA") or ROOT.parent / "shared" / "data")
    if not (path / "xtreme").is_dir():
        pytest.skip(f"no real rows: XTREME_DATA (or {path}) has no folder xtreme")
    return path


@pytest.fixture(scope="session")
def libraries() -> None:
    """What a training imports, left out of garbage collection from now on.

    The Trainer collects garbage at every start, which looks at each object of all libraries and
    would take longer than the small trainings of the tests.
    """
    import_module("harness.training.loop")
    from harness.models.device import hush

    hush()
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def tiny(libraries: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random XLM-R checkpoint; copy it before changing a file."""
    return make_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny-xlmr")


@pytest.fixture(scope="session")
def tiny_bert(libraries: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny random mBERT-like checkpoint (word pieces, token types, a pooler)."""
    return make_checkpoint(tmp_path_factory.mktemp("tiny") / "tiny-mbert", kind="bert")


@pytest.fixture
def small_data(tmp_path: Path) -> Path:
    """A copy of the packaged data (xtreme/ and labels/), free to be spoilt."""
    return Path(shutil.copytree(MINI, tmp_path / "data"))


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file below tmp_path and give its path."""

    def make(name: str, text: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return make


@pytest.fixture(scope="session")
def quickest(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe that trains for a few updates."""
    path = tmp_path_factory.mktemp("recipes") / "quickest.toml"
    path.write_text(QUICKEST)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line in this process: exit code, standard output, standard error."""
    from harness.cli import main

    def call(*words: object) -> tuple[int, str, str]:
        before, sys.argv = sys.argv, ["harness", *map(str, words)]
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            sys.argv = before
        said = capsys.readouterr()
        return code, said.out, said.err

    return call
