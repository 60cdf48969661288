"""The device: what one process of several sees."""

import os

import pytest

from harness.models.device import _one_gpu


@pytest.mark.parametrize(
    ("name", "seen", "left", "result"),
    [
        ("cuda:1", None, "1", "cuda"),
        ("cuda:1", "4,6", "6", "cuda"),
        ("auto", None, "0", "auto"),
        ("cuda:3", "4,6", "4,6", "cuda:3"),
        ("cpu", "4,6", "4,6", "cpu"),
    ],
)
def test_one_process_sees_one_gpu(
    name: str, seen: str | None, left: str, result: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", seen or "")
    assert _one_gpu(name) == result
    assert os.environ["CUDA_VISIBLE_DEVICES"] == left
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert _one_gpu(name) == name
