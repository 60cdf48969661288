"""The schedule: the step with the longest chain of work below it starts first."""

from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from support.stores import Leave, Quiet

from harness.pipeline.engines.schedule import Moved, Outcome, run_all
from harness.pipeline.steps.step import Step


class Weighed(Leave):
    """A step that takes some work."""

    kind = "score"


def weighed(name: str, work: int, *parents: Step) -> Weighed:
    return Weighed(name=name, text=name, work=work, parents=parents)


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
    steps += [weighed(f"{name} {i}", 9 - i, one if name == "one" else other)
              for i in range(3) for name in ("one", "other")]  # fmt: skip
    assert begun(steps) == [
        "one", "other", "one 0", "one 1", "one 2", "other 0", "other 1", "other 2",
    ]  # fmt: skip


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_step_waits_for_one_with_a_shorter_chain(data: st.DataObject) -> None:
    steps: list[Weighed] = []
    for i in range(data.draw(st.integers(1, 9))):
        some = st.lists(st.sampled_from(steps), max_size=2, unique_by=id) if steps else st.just([])
        steps.append(weighed(f"n{i}", data.draw(st.integers(0, 4)), *data.draw(some)))

    def chain(step: Step) -> float:
        return step.work + max((chain(s) for s in steps if step in s.parents), default=0)

    last: dict[int, tuple[Step, ...]] = {}

    class Strict(Slots):
        def start(self, slot: int, step: Step) -> None:
            ready = [s for s in steps if s.name not in self.begun]
            ready = [s for s in ready if all(p.name in self.ended for p in s.parents)]
            loaded = last.get(slot)
            alike = [s for s in ready if loaded and s.parents == loaded]
            assert step is max(alike or ready, key=chain)  # of equals the first
            last[slot] = step.parents
            super().start(slot, step)

    def draw(strategy: Any) -> int:
        return int(data.draw(strategy))

    run_all(steps, Strict(data.draw(st.integers(1, 3)), draw), Quiet())
