"""The OpenBLAS that wheels bring."""

from threading import Event, Thread

import faiss
import numpy as np
import pytest
import torch

from harness.search import blocks, openblas
from harness.search.blocks import in_threads
from harness.search.openblas import openblas_of

assert faiss and np  # loads theirs
THERE = [name for name in ("numpy", "faiss") if openblas_of(name)]


@pytest.mark.parametrize("package", THERE)
def test_its_kernel_and_threads_are_read_and_set(package):
    blas = openblas_of(package)
    assert blas.kernel()[0].isalpha()
    count, change = blas._function("get_num_threads", None), blas._function("set_num_threads", None)
    before = count()
    try:
        change(2)
        with blas.one_thread():
            assert count() == 1
        assert count() == 2
        if package == "numpy":  # a search takes one thread in each of its own
            assert in_threads(lambda _: count(), range(3), 2) == [1, 1, 1]
            assert count() == 2
    finally:
        change(before)


def test_numpy_and_faiss_have_each_their_own():
    if len(THERE) == 2:
        assert openblas_of("numpy").library._name != openblas_of("faiss").library._name


@pytest.mark.parametrize("package", ["torch", "no_such_package"])
def test_packages_without_one_have_none(package):
    assert openblas_of(package) is None


def test_where_libraries_cannot_be_listed_there_is_none(monkeypatch, tmp_path):
    monkeypatch.setattr(openblas, "LOADED", tmp_path / "maps")
    assert openblas_of.__wrapped__("numpy") is None


def test_calls_that_overlap_leave_the_threads_as_they_were():
    """The second begins while the first holds one thread, and ends after it."""
    first_in, second_in, first_out = Event(), Event(), Event()
    blas, before, seen = openblas_of("numpy"), torch.get_num_threads(), []
    count = blas._function("get_num_threads", None) if blas else lambda: 2

    def first():
        in_threads(lambda _: (first_in.set(), second_in.wait(20)), [0], 1)
        first_out.set()

    def second():
        first_in.wait(20)
        in_threads(lambda _: (second_in.set(), first_out.wait(20), seen.append(count())), [0], 1)
        seen.append(torch.get_num_threads())

    blas_before = count()
    try:
        torch.set_num_threads(2)
        if blas:
            blas._function("set_num_threads", None)(2)
        callers = [Thread(target=first), Thread(target=second)]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        fresh = Thread(target=lambda: seen.append(torch.get_num_threads()))
        fresh.start()
        fresh.join()
        assert seen == [1 if blas else 2, 2, 2]
        assert torch.get_num_threads() == 2 and count() == 2
    finally:
        torch.set_num_threads(before)
        if blas:
            blas._function("set_num_threads", None)(blas_before)


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_error_of_one_part_stops_the_others_and_is_what_is_raised(error):
    stop, stopped = Event(), []

    def work(part):
        if part:
            raise error
        stopped.append(stop.wait(20))

    with pytest.raises(error):
        in_threads(work, [0, 1], 2, stop)
    assert stopped == [True]


def test_a_search_that_is_stopped_looks_at_no_further_block(monkeypatch):
    rows, looked, stop = torch.ones(400, 3), [], Event()
    monkeypatch.setattr(blocks, "ROWS", 16)
    monkeypatch.setattr(blocks, "COLUMNS", 16)
    real = blocks.product

    def product(right, height):
        times = real(right, height)
        return lambda left: (looked.append(1), len(looked) == 3 and stop.set(), times(left))[2]

    monkeypatch.setattr(blocks, "product", product)
    blocks._part(rows, rows, 2, True, range(400), stop)
    assert len(looked) == 3
