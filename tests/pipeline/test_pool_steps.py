"""The pool is embedded once for all languages, in shards; predictions search it all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.passages import entity, write_lareqa, write_lines, write_mewslix

from harness import recipes, registry
from harness.data.files import digest
from harness.data.folder import FolderSource
from harness.data.pool_facts import PoolFacts
from harness.errors import HarnessError
from harness.models.checkpoint import open_checkpoint
from harness.models.device import choose_device
from harness.models.embeddings import ROWS
from harness.models.model import Model
from harness.models.pool import IDS, Pool, write_pool
from harness.pipeline import plan, plan_pool
from harness.pipeline.dataset_facts import DatasetFacts
from harness.pipeline.request import Request
from harness.pipeline.steps.encoding import Encoding
from harness.pipeline.steps.pool_step import PoolStep
from harness.pipeline.store.store import Store
from harness.pipeline.store.upkeep import prunable
from harness.recipes import Settings

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    write_lareqa(tmp_path / "data/xtreme")
    write_mewslix(tmp_path / "data/xtreme")
    return tmp_path / "data"


@pytest.fixture
def evaluate(run: Call, tiny: Path, quickest: Path, tmp_path: Path, data: Path) -> Call:
    """``harness eval`` of passage retrieval."""

    def call(name: str, *words: object, tasks: str = "lareqa,mewslix") -> tuple[int, str, str]:
        return run(
            "eval", tiny, "--benchmark", "xtreme-r", "--tasks", tasks, "--data", data,
            "--recipe", quickest, "--threads", 1, "--device", "cpu",
            "--store", tmp_path / name / "store", "--output", tmp_path / name / "out", *words,
        )  # fmt: skip

    return call


@pytest.fixture(autouse=True)
def untrained(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tasks with the bare encoder: how pairs are learnt is tested elsewhere."""
    real = registry.task
    monkeypatch.setattr(registry, "task", lambda name: replace(real(name), training=None))


@dataclass
class Seen:
    """The texts that were encoded, and to how many tokens."""

    texts: list[tuple[int, list[str]]] = field(default_factory=list)

    def counted(self) -> Counter[str]:
        return Counter(text for _, some in self.texts for text in some)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    seen, embed = Seen(), Model.embed_layers

    def counting(self: Model, texts: Sequence[str], max_length: int, *rest: Any) -> Any:
        seen.texts.append((max_length, list(texts)))
        return embed(self, texts, max_length, *rest)

    monkeypatch.setattr(Model, "embed_layers", counting)
    return seen


def predictions(folder: Path) -> dict[str, Any]:
    return {
        path.relative_to(folder / "predictions").as_posix(): json.loads(path.read_text("utf-8"))
        for path in sorted((folder / "predictions").rglob("*.json"))
    }


def test_the_pool_is_encoded_once_and_not_eleven_times(
    evaluate: Call, seen: Seen, tmp_path: Path
) -> None:
    code, out, err = evaluate("one")
    assert code == 0, err
    assert len(seen.texts) == 2 * (1 + 11)  # a pool, and eleven languages' queries
    pools = [some for _, some in seen.texts if len(some) in (66, 30)]
    assert len(pools) == 2 and set(seen.counted().values()) == {1}
    found = predictions(tmp_path / "one/out")
    assert len(found) == 22 and len(found["lareqa/test-th.json"]) == 4
    assert {len(ids) for one in found.values() for ids in one.values()} == {20}
    assert {len(set(ids)) for one in found.values() for ids in one.values()} == {20}
    assert "lareqa" in out and "mewslix" in out
    evaluate("one")
    assert len(seen.texts) == 24  # nothing is done again


def test_queries_and_candidates_have_lengths_of_their_own(
    evaluate: Call, seen: Seen, quickest: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "lengths.toml"
    recipe.write_text(quickest.read_text() + '\n[format."passage retrieval"]\nmax_query = 12\n')
    assert evaluate("one", "--recipe", recipe, "--languages", "de", tasks="lareqa")[0] == 0
    assert [(length, len(some)) for length, some in seen.texts] == [(64, 66), (12, 4)]


def test_the_pool_is_not_cut_to_the_languages_asked_for(
    evaluate: Call, seen: Seen, tmp_path: Path
) -> None:
    code, _, err = evaluate("two", "--languages", "de,tr", tasks="lareqa")
    assert code == 0, err
    assert sorted(len(some) for _, some in seen.texts) == [4, 4, 66]
    assert evaluate("all", tasks="lareqa")[0] == 0
    two, every = (predictions(tmp_path / name / "out") for name in ("two", "all"))
    assert two == {name: every[name] for name in ("lareqa/test-de.json", "lareqa/test-tr.json")}


def test_a_limit_is_of_queries_alone(evaluate: Call, seen: Seen, tmp_path: Path) -> None:
    words = ("--limit", 1, "--languages", "de")
    code, out, err = evaluate("limit", *words, tasks="lareqa")
    assert code == 0, err
    assert sorted(len(some) for _, some in seen.texts) == [1, 66]
    assert list(predictions(tmp_path / "limit/out")["lareqa/test-de.json"]) == ["q0-0_de"]
    assert "lareqa" in out and "no labels" not in out


def test_shards_give_what_one_step_gives_and_a_killed_run_repeats_one(
    evaluate: Call, seen: Seen, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--languages", "de")
    assert evaluate("one", *words, tasks="mewslix")[0] == 0
    seen.texts.clear()
    monkeypatch.setattr(plan_pool, "PART", 7)
    real, calls = PoolStep.run, []

    def killed(self: PoolStep, *rest: Any) -> Any:
        calls.append(self.start)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(self, *rest)

    monkeypatch.setattr(PoolStep, "run", killed)
    assert evaluate("parts", *words, tasks="mewslix")[0] == 130  # as Ctrl-C ends it
    monkeypatch.setattr(PoolStep, "run", real)
    code, _, err = evaluate("parts", *words, tasks="mewslix")
    assert code == 0, err
    assert "embed mewslix pool 5/5" in err
    assert calls == [0, 7, 14] and set(seen.counted().values()) == {1}
    assert predictions(tmp_path / "parts/out") == predictions(tmp_path / "one/out")


def test_candidates_of_the_same_text_are_embedded_once_and_found_in_their_order(
    evaluate: Call, seen: Seen, data: Path, tmp_path: Path
) -> None:
    texts = {n: entity(n % 2) for n in range(30)}  # two descriptions, fifteen candidates of each
    path = data / "xtreme/mewslix/candidate_set_entities.jsonl"
    write_lines(path, [texts[n] | {"entity_id": f"Q{n}"} for n in texts])
    code, _, err = evaluate("one", "--languages", "de", tasks="mewslix")
    assert code == 0, err
    assert sorted(len(some) for _, some in seen.texts) == [2, 4]
    first, second = ([f"Q{n}" for n in range(odd, 30, 2)] for odd in (0, 1))
    answers = list(predictions(tmp_path / "one/out")["mewslix/test-de.json"].values())
    assert all(ids in ([*first, *second[:5]], [*second, *first[:5]]) for ids in answers)
    assert len(answers) == 4


def test_a_step_has_50_000_candidates(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = PoolFacts(rows=100_001, size=9_000_000)
    monkeypatch.setattr(DatasetFacts, "pool", lambda self, task: (facts, "digest"))
    asked = Request(
        open_checkpoint(str(tiny), offline=True), registry.benchmark("xtreme-r"),
        FolderSource(tmp_path, tmp_path), recipes.load("quick"), choose_device("cpu", "fp32", 1),
    )  # fmt: skip
    settings = Settings(layer=1, pooling="mean")
    steps = plan_pool.pool_steps(asked, registry.task("mewslix"), settings, ())
    assert [(one.start, one.stop) for one in steps] == [
        (0, 50_000), (50_000, 100_000), (100_000, 100_001),
    ]  # fmt: skip


def test_zero_and_broken_vectors_are_never_found(
    evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = Model.embed_layers

    def spoilt(self: Model, texts: Sequence[str], *rest: Any) -> Any:
        found = embed(self, texts, *rest)
        if len(texts) == 30:
            for rows in found.values():
                rows[3], rows[5, 1] = 0, np.nan
        return found

    monkeypatch.setattr(Model, "embed_layers", spoilt)
    made: list[Any] = []
    make = plan.make_plan
    monkeypatch.setattr(plan, "make_plan", lambda request: made.append(make(request)) or made[-1])
    code, _, err = evaluate("one", tasks="mewslix")
    assert code == 0, err
    ids = {
        one
        for found in predictions(tmp_path / "one/out").values()
        for r in found.values()
        for one in r
    }
    assert "Q4" in ids and not ids & {"Q3", "Q5"}
    (step,) = [one for one in made[-1].steps if isinstance(one, PoolStep)]
    store = Store(tmp_path / "one/store")
    assert store.manifest(step)["result"] == {"candidates": 30, "dropped": 2}
    going = [type(one) for one, _ in prunable(made[-1].steps, store).going]
    assert going.count(PoolStep) == 1 and len(going) == 12


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_query_of_a_zero_or_broken_vector_has_no_score_by_chance(
    value: float, evaluate: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embed = Model.embed_layers

    def spoilt(self: Model, texts: Sequence[str], *rest: Any) -> Any:
        found = embed(self, texts, *rest)
        if texts[0].startswith("mill: de"):
            for rows in found.values():
                rows[0] = value
        return found

    monkeypatch.setattr(Model, "embed_layers", spoilt)
    code, _, err = evaluate("one", "--languages", "de,tr", tasks="mewslix")
    found = predictions(tmp_path / "one/out")
    assert len(found["mewslix/test-tr.json"]["tr-0-0"]) == 20
    if value == 0:
        assert code == 0 and found["mewslix/test-de.json"]["de-0-0"] == [], err
        return
    assert code == 1 and "mewslix/test-de.json" not in found
    assert "predict mewslix de: " in err and "(the weights hold such numbers, or overflow)" in err
    scores = json.loads((tmp_path / "one/out/scores.json").read_text("utf-8"))
    assert scores["tasks"]["mewslix"]["languages"].keys() <= {"tr"}


def test_pools_on_disk(tmp_path: Path) -> None:
    rows = np.arange(1, 13, dtype=np.float32).reshape(4, 3)
    rows[2] = 0
    rows[3, 0] = np.inf
    for name in "ab":
        (tmp_path / name).mkdir()
    assert write_pool(tmp_path / "a", ["one", "ಕ", "zero", "inf"], rows) == 2
    assert write_pool(tmp_path / "b", ["two"], rows[:1]) == 0
    pool = Pool.open([tmp_path / "a", tmp_path / "b"])
    assert pool.ids == ["one", "ಕ", "two"]
    assert [len(part) for part in pool.parts] == [2, 1]
    assert all(isinstance(part, np.memmap) for part in pool.parts)
    with pytest.raises(HarnessError, match="no candidate has an embedding"):
        Pool.open([])


@pytest.mark.parametrize("name", [ROWS, IDS])
@pytest.mark.parametrize(
    "content", [None, b"", b"\x93NUMPY other", b"one\ntwo\nthree\n", b"\xff\n"]
)
def test_broken_pools_are_one_line(name: str, content: bytes | None, tmp_path: Path) -> None:
    write_pool(tmp_path, ["one", "two"], np.ones((2, 3), np.float32))
    (tmp_path / name).unlink()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(HarnessError, match="run again") as caught:
        Pool.open([tmp_path])
    assert "\n" not in str(caught.value)


def test_a_key_holds_what_decides_a_shard(tiny: Path, data: Path) -> None:
    task = registry.task("mewslix")
    settings = Settings(layer=2, pooling="mean")
    from harness.models.checkpoint import open_checkpoint
    from harness.models.device import choose_device

    checkpoint = open_checkpoint(str(tiny), offline=True)
    one = PoolStep(
        name="a",
        task=task,
        start=0,
        stop=9,
        data=digest(data / "xtreme/mewslix/candidate_set_entities.jsonl"),
        encoding=Encoding(checkpoint, settings, choose_device("cpu", "fp32", 1)),
    )

    def encoded(**changes: Any) -> PoolStep:
        return replace(one, encoding=replace(one.encoding, **changes))

    same = [replace(one, name="b"), encoded(settings=replace(settings, max_query=9))]
    others = [
        replace(one, start=1),
        replace(one, stop=10),
        replace(one, data="other"),
        replace(one, task=registry.task("lareqa")),
        encoded(settings=replace(settings, max_length=9)),
        encoded(settings=replace(settings, layer=1)),
        encoded(settings=replace(settings, pooling="cls")),
        encoded(device=choose_device("cpu", "bf16", 1)),
    ]
    assert {step.key for step in same} == {one.key}
    assert len({step.key for step in [one, *others]}) == 9


def test_the_pooler_reads_the_last_state_and_must_be_there(
    evaluate: Call, run: Call, tiny_bert: Path, quickest: Path, data: Path, tmp_path: Path
) -> None:
    recipe = tmp_path / "pooler.toml"
    recipe.write_text(quickest.read_text() + 'pooling = "pooler"\n')
    code, _, err = evaluate("none", "--recipe", recipe, tasks="lareqa")
    assert code == 2 and "its files hold no pooler; take pooling mean" in err
    assert len(err.strip().splitlines()) == 1
    code, _, err = run(
        "eval", tiny_bert, "--benchmark", "xtreme-r", "--tasks", "lareqa", "--data", data,
        "--recipe", recipe, "--threads", 1, "--device", "cpu", "--languages", "de",
        "--store", tmp_path / "bert/store", "--output", tmp_path / "bert/out",
    )  # fmt: skip
    assert code == 0, err
    assert set(predictions(tmp_path / "bert/out")) == {"lareqa/test-de.json"}


def test_a_dual_encoder_is_measured_on_the_last_state(tiny: Path) -> None:
    """Unless a layer is named."""
    from harness.models.checkpoint import open_checkpoint

    checkpoint = open_checkpoint(str(tiny), offline=True)
    for layer, expected in (("usual", 2), ("auto", 2), (1, 1)):
        found = plan.as_learnt(Settings(layer=layer), "mean", checkpoint, "lareqa")
        assert (found.layer, found.pooling) == (expected, "mean")


def test_a_missing_pool_is_named(evaluate: Call, data: Path) -> None:
    (data / "xtreme/mewslix/candidate_set_entities.jsonl").unlink()
    code, _, err = evaluate("one", tasks="mewslix")
    assert code == 2 and "mewslix: no pool data" in err
    assert "candidate_set_entities.jsonl is not there" in err
    (data / "xtreme/lareqa/xquad-r/el.json").unlink()
    code, _, err = evaluate("one", tasks="lareqa")
    assert code == 2 and "el.json is not there" in err
