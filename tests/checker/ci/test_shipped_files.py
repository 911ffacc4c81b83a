"""The GitHub action and the pre-commit hook that other projects take from the repository: linted, run as written."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import quorate
import yaml

ROOT = Path(quorate.__file__).parent
ACTION = ROOT / ".github" / "actions" / "quorate" / "action.yml"
HOOKS = ROOT / ".pre-commit-hooks.yaml"


def lint(*command: str) -> str:
    ran = subprocess.run([sys.executable, "-m", *command], capture_output=True, text=True, timeout=60, check=False)
    return "" if ran.returncode == 0 else ran.stdout + ran.stderr


def test_the_action_is_one_by_githubs_schema(tmp_path: Path) -> None:
    check = ("check_jsonschema", "--builtin-schema", "vendor.github-actions")
    assert lint(*check, str(ACTION)) == ""
    broken = tmp_path / "action.yml"
    broken.write_text(ACTION.read_text().replace("shell: bash", "shel: bash"))
    assert "'shel'" in lint(*check, str(broken)) or "valid under" in lint(*check, str(broken))


def test_the_hook_is_one_by_pre_commits_own_reading(tmp_path: Path) -> None:
    assert lint("pre_commit", "validate-manifest", str(HOOKS)) == ""
    broken = tmp_path / "hooks.yaml"
    broken.write_text(HOOKS.read_text().replace("entry:", "entyr:"))
    assert "entry" in lint("pre_commit", "validate-manifest", str(broken))


@pytest.mark.parametrize("path", [ACTION, HOOKS], ids=lambda path: path.name)
def test_every_file_is_clean_yaml(path: Path) -> None:
    rules = "{extends: default, rules: {line-length: {max: 120}, document-start: disable}}"
    assert lint("yamllint", "--strict", "-d", rules, str(path)) == ""


def steps() -> dict[str, Any]:
    return {step.get("name", step.get("uses")): step for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]}


def run_step(project: Any, **inputs: str) -> subprocess.CompletedProcess[str]:
    """The action's own script, as a runner's bash runs it, with the inputs filled in."""
    declared = yaml.safe_load(ACTION.read_text())["inputs"]
    values = {name: one["default"] for name, one in declared.items()} | inputs
    step = steps()["Check"]
    given = {key: re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda m: values[m[1]], v) for key, v in step["env"].items()}
    bin_folder = project.folder / "bin"
    bin_folder.mkdir()
    command = bin_folder / "quorate"
    python = shlex.quote(sys.executable)
    command.write_text(f'#!/bin/sh\nexec {python} -c "from quorate.checker.cli import main; main()" "$@"\n')
    command.chmod(0o755)
    environment = os.environ | given | {"PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT.parent))}
    environment |= {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_STEP_SUMMARY": str(project.folder / "summary.md"),
        "GITHUB_OUTPUT": str(project.folder / "outputs"),
        "GITHUB_SERVER_URL": "https://example.org",
        "GITHUB_REPOSITORY": "some/where",
        "GITHUB_RUN_ID": "77",
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


LISTED = """
[[tool.quorate.check]]
name = "careful"
specification = "lock.py"
engine = "reference"

[[tool.quorate.check]]
name = "careless"
specification = "lock.py"
variants = ["careless"]
engine = "reference"
"""


def test_the_actions_script_is_red_and_annotates(project) -> None:
    project.lists(LISTED)
    ran = run_step(project)
    assert ran.returncode == 1, ran.stderr
    assert "::error file=lock.py,line=" in ran.stdout
    assert "**violated: exclusive**" in (project.folder / "summary.md").read_text()
    assert ElementTree.parse(project.folder / "quorate.xml").getroot().get("failures") == "1"
    assert (project.folder / "quorate.sarif").exists()
    (page,) = (project.folder / "quorate-pages").iterdir()
    assert page.read_text().startswith("<!doctype html>")
    assert (project.folder / "outputs").read_text() == f"trace={page.stem}\n", "the artifact's name is the trace's"
    kept = steps()["Keep the pages"]
    assert kept["with"]["name"] == "${{ steps.check.outputs.trace }}" and "always()" in kept["if"]
    assert f"page: {page.name} in the artifacts of https://example.org/some/where/actions/runs/77#artifacts" in (
        ran.stdout.replace("%0A", "\n").replace("%3A", ":")
    )
    assert "sequenceDiagram" in (project.folder / "summary.md").read_text(), "which GitHub draws as a picture"


def test_the_actions_script_is_green_and_keeps_nothing(project) -> None:
    project.lists(LISTED)
    ran = run_step(project, checks="careful")
    assert ran.returncode == 0, ran.stderr
    assert not (project.folder / "quorate-pages").exists() and not (project.folder / "outputs").exists()


def test_the_actions_script_takes_names(project) -> None:
    project.lists(LISTED)
    ran = run_step(project, checks="careful none*")
    assert ran.returncode == 5, ran.stderr


def test_the_hook_calls_a_command_that_is_there() -> None:
    (hook,) = yaml.safe_load(HOOKS.read_text())
    from quorate.checker.commands.root import COMMANDS

    program, command = hook["entry"].split()
    assert program == "quorate" and command in COMMANDS
    assert hook["pass_filenames"] is False
