"""The command line."""

from harness.cli.main import app, main

__all__ = ["app", "main"]
