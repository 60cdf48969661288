"""``python -m harness``, for torchrun."""

from harness.cli import main

main()
