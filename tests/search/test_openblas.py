"""The OpenBLAS that wheels bring."""

import faiss
import numpy as np
import pytest

from harness.search import openblas
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
