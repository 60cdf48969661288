"""Folders of the project, for tests in whatever folder."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MINI = ROOT / "tasks" / "mini" / "data"
FIXTURES = ROOT / "tests" / "fixtures"
