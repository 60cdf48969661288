"""The schedule: the step with the longest chain of work below it starts first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.stores import Leave, Quiet

from harness.pipeline.engines.schedule import Moved, Outcome, run_all
from harness.pipeline.steps.step import Step


@dataclass(frozen=True, eq=False, kw_only=True)
class Weighed(Leave):
    """A step that takes some work, perhaps with a model."""

    kind: ClassVar[str] = "score"
    model: str = ""

    @property
    def loads(self) -> tuple[str, ...]:
        return (self.model,) if self.model else ()


def weighed(name: str, work: int, *parents: Step, model: str = "") -> Weighed:
    return Weighed(name=name, text=name, work=work, parents=parents, model=model)


class Slots:
    """An engine that ends steps in any order and writes down in which they began."""

    def __init__(self, slots: int, draw: Callable[..., int] = lambda one: 0) -> None:
        self.slots, self.draw = slots, draw
        self.begun: list[str] = []
        self.ended: set[str] = set()
        self.running: list[tuple[int, Step]] = []

    def start(self, slot: int, step: Step) -> None:
        self.begun.append(step.name)
        self.running.append((slot, step))

    def wait(self, moved: Moved) -> list[Outcome]:
        slot, step = self.running.pop(self.draw(st.integers(0, len(self.running) - 1)))
        self.ended.add(step.name)
        return [Outcome(slot, step, 1.0)]

    def close(self) -> None:
        """Nothing is held."""


def begun(steps: list[Weighed], slots: int = 1) -> list[str]:
    engine = Slots(slots)
    assert run_all(steps, engine, Quiet()).ran == len(steps)
    return engine.begun


def test_the_longest_chain_starts_first() -> None:
    big = weighed("big", 50)
    small = weighed("small", 1)
    below = weighed("below small", 30, small)
    last = weighed("last", 30, below)
    assert begun([big, small, below, last]) == ["small", "below small", "big", "last"]
    assert begun([big, small, below, last], slots=2) == ["small", "big", "below small", "last"]


def test_chains_are_counted_by_their_longest_branch_not_by_their_sum() -> None:
    wide = weighed("wide", 1)
    branches = [weighed(f"branch {i}", 10, wide) for i in range(9)]
    deep = weighed("deep", 1)
    below = weighed("below deep", 11, deep)
    assert begun([wide, *branches, deep, below])[0] == "deep"


def test_ties_keep_the_order_of_the_plan() -> None:
    names = ["c", "a", "d", "b"]
    assert begun([weighed(name, 7) for name in names]) == names
    assert begun([weighed(name, 0) for name in names]) == names


def test_a_slot_stays_with_the_model_that_it_has_loaded() -> None:
    one, other = weighed("one", 5), weighed("other", 5)
    steps = [one, other]
    steps += [weighed(f"{name} {i}", 9 - i, one if name == "one" else other, model=name)
              for i in range(3) for name in ("one", "other")]  # fmt: skip
    assert begun(steps) == [
        "one", "other", "one 0", "one 1", "one 2", "other 0", "other 1", "other 2",
    ]  # fmt: skip


def loads(slots: int, models: int, languages: int) -> int:
    """Return how often a model is loaded for the predictions of some trainings."""
    steps: list[Weighed] = []
    for number in range(models):
        training = weighed(f"train {number}", 50, model=f"training {number}")
        names = [f"predict {number} {code}" for code in range(languages)]
        steps += [training, *(weighed(n, 3, training, model=f"model {number}") for n in names)]
    count = 0

    class Counting(Slots):
        """Ends what has been running longest for its work."""

        def __init__(self) -> None:
            super().__init__(slots)
            self.held: dict[int, tuple[str, ...]] = {}
            self.until: list[tuple[float, int]] = []
            self.now = 0.0

        def start(self, slot: int, step: Step) -> None:
            nonlocal count
            count += step.loads != self.held.get(slot) and step.name.startswith("predict")
            self.held[slot] = step.loads
            self.until.append((self.now + step.work * (1 + len(step.name) % 3 / 10), slot))
            super().start(slot, step)

        def wait(self, moved: Moved) -> list[Outcome]:
            first = min(self.until)
            self.until.remove(first)
            self.now = first[0]
            at = next(i for i, (slot, _) in enumerate(self.running) if slot == first[1])
            slot, step = self.running.pop(at)
            self.ended.add(step.name)
            return [Outcome(slot, step, 1.0)]

    assert run_all(steps, Counting(), Quiet()).ran == len(steps)
    return count


@pytest.mark.parametrize("slots", [1, 3, 8])
def test_a_model_is_loaded_little_more_than_once(slots: int) -> None:
    """A second time only where a slot would have nothing to do otherwise."""
    assert 55 <= loads(slots, models=55, languages=9) <= 55 + 3 * (slots - 1)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_step_waits_for_one_with_a_shorter_chain(data: st.DataObject) -> None:
    steps: list[Weighed] = []
    for i in range(data.draw(st.integers(1, 9))):
        some = st.lists(st.sampled_from(steps), max_size=2, unique_by=id) if steps else st.just([])
        model = data.draw(st.sampled_from(["", "a", "b", "c"]))
        steps.append(weighed(f"n{i}", data.draw(st.integers(0, 4)), *data.draw(some), model=model))

    def chain(step: Step) -> float:
        return step.work + max((chain(s) for s in steps if step in s.parents), default=0)

    loaded: dict[int, tuple[str, ...]] = {}

    class Strict(Slots):
        def start(self, slot: int, step: Step) -> None:
            ready = [s for s in steps if s.name not in self.begun]
            ready = [s for s in ready if all(p.name in self.ended for p in s.parents)]
            own = loaded.pop(slot, ())
            alike = [s for s in ready if own and s.loads == own]
            free = [s for s in ready if not s.loads or s.loads not in loaded.values()]
            assert step is max(alike or free or ready, key=chain)  # of equals the first
            loaded[slot] = step.loads or own
            super().start(slot, step)

    def draw(strategy: Any) -> int:
        return int(data.draw(strategy))

    run_all(steps, Strict(data.draw(st.integers(1, 3)), draw), Quiet())
