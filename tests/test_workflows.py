"""The workflows: nothing that zizmor finds, no right that is not needed, commands that exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

from harness.cli.arguments import REQUIRED, Option, parameters_of
from harness.cli.main import COMMANDS

GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
PINNED = re.compile(r"uses: actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def code_of(path: Path) -> list[str]:
    """A workflow's lines without those that are comments."""
    lines = path.read_text("utf-8").splitlines()
    return [line for line in lines if not line.strip().startswith("#")]


def test_zizmor_finds_nothing() -> None:
    program = Path(sys.executable).parent / "zizmor"
    if not program.is_file():
        found = shutil.which("zizmor")
        if found is None:
            pytest.skip("zizmor is not installed: pip install -c constraints.txt '.[dev]'")
        program = Path(found)
    words = [str(program), "--offline", "--no-progress", "--persona", "auditor", str(GITHUB)]
    done = subprocess.run(words, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout + done.stderr
    assert all(f"completed {path}" in done.stderr for path in WORKFLOWS)


def test_there_are_the_two() -> None:
    assert [path.name for path in WORKFLOWS] == ["submission.yml", "verify.yml"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_rights_and_pins(path: Path) -> None:
    code = code_of(path)
    text = "\n".join(code)
    for word in ("pull_request_target", "workflow_run", "allow-unsafe-pr-checkout", ": write"):
        assert word not in text
    assert not re.search(r"actions/cache|cache:|GITHUB_TOKEN|github\.token|write-all", text)
    uses = [line for line in code if "uses:" in line]
    assert uses and all(PINNED.search(line) for line in uses)
    assert text.count("persist-credentials: false") == text.count("actions/checkout@")
    assert "\npermissions: {}\n" in text and text.count("timeout-minutes:") == text.count(
        "runs-on:"
    )
    assert "concurrency:" in text
    for line in code:  # what others choose gets into a shell by its environment alone
        assert "run:" not in line or "${{" not in line


def test_what_comes_in_sees_no_secret() -> None:
    text = "\n".join(code_of(GITHUB / "workflows" / "submission.yml"))
    assert "secrets." not in text and "environment:" not in text
    assert 'pull_request:\n    paths: ["submissions/**"]\n' in text
    assert text.index("path: code") < text.index("path: incoming")
    for line in text.splitlines():  # the code that is installed is the base branch's
        assert "working-directory:" not in line or line.endswith(": code")


def test_whatever_is_changed_has_an_owner() -> None:
    lines = (GITHUB / "CODEOWNERS").read_text("utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    assert rules[0][0] == "*" and all(len(rule) > 1 for rule in rules)


def test_commands_of_the_workflows_exist() -> None:
    found = []
    for path in WORKFLOWS:
        for line in code_of(path):
            _, run, command = line.partition("run: harness ")
            if run:
                words = shlex.split(command.partition(" >> ")[0])
                name = " ".join(words[:2])
                found.append(name)
                options = {
                    one.given.name or f"--{one.name.replace('_', '-')}": one.default
                    for one in parameters_of(COMMANDS[name])
                    if isinstance(one.given, Option)
                }
                given = {word for word in words if word.startswith("-")}
                needed = {option for option, value in options.items() if value is REQUIRED}
                assert needed <= given <= options.keys()
    assert found == ["submission review", "submission review", "submission verify"]
