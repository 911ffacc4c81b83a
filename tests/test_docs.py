"""Every code block and console transcript in README and docs is executed; every printed table is printed again.

- ```python: executed, all blocks of a document in one namespace. After `<!-- file: NAME -->` the block is written to
  that file in a scratch folder instead (after `<!-- more of: NAME -->` it is appended).
- ```console: each `$ ` line is run by a shell in the scratch folder; its output must be what follows, where `…` stands
  for anything within a line. `[exit N]` as the last line says that the command ends with status N, else 0. After
  `<!-- first command -->` or `<!-- test command -->` a block sets up a machine: .ci/run takes it from the README.
- `<!-- printed: NAME -->` … `<!-- end -->`: the text between is what the function of that name below prints.

`pytest tests/test_docs.py --rewrite` writes outputs and tables instead of comparing them.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import quorate
from quorate.spec import lang
from quorate.spec.lang.errors import CODES

ROOT = Path(quorate.__file__).parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SET_UP = ("first command", "test command")
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w+)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)
TABLE = re.compile(r"(<!-- printed: (?P<name>[\w ]+) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL)
# What differs from run to run in a transcript: durations, rates, sizes of memory.
VARYING = re.compile(r"\b\d[\d,.]*(?= (?:s|ms|kB|MB|GB|MiB|GiB|states/s)\b)")


@dataclass
class Reader:
    """Executes the blocks of one document in order; in rewriting mode collects the new text."""

    folder: Path
    rewrite: bool
    names: dict[str, object] = field(default_factory=dict)

    def block(self, match: re.Match[str]) -> str:
        mark, language, body = match["mark"] or "", match["language"], match["body"]
        if mark in SET_UP:
            return match[0]
        if mark.startswith(("file: ", "more of: ")):
            with (self.folder / mark.split(": ")[1]).open("w" if mark.startswith("file") else "a") as file:
                file.write(body)
        elif language == "python":
            exec(compile(body, f"<{mark or 'python block'}>", "exec"), self.names)
        elif language == "console":
            return match[0].replace(body, self.transcript(body))
        return match[0]

    def transcript(self, body: str) -> str:
        parts = re.split(r"^\$ ", body, flags=re.MULTILINE)
        assert not parts[0].strip(), f"a transcript starts with a command: {body!r}"
        return "".join("$ " + self.command(part) for part in parts[1:])

    def command(self, part: str) -> str:
        first, _, expected = part.partition("\n")
        scripts = f"{Path(sys.executable).parent}{os.pathsep}{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": scripts, "NO_COLOR": "1", "COLUMNS": "120", "HOME": str(self.folder)}
        environment |= {"PYTHONPATH": str(ROOT.parent) if ROOT.name == "quorate" else os.environ.get("PYTHONPATH", "")}
        ran = subprocess.run(
            first,
            shell=True,
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        printed = ran.stdout + (ran.stderr if ran.returncode not in (0, 1) else "")
        if ran.returncode:
            printed += f"[exit {ran.returncode}]\n"
        if self.rewrite:
            return f"{first}\n{VARYING.sub('…', printed)}"
        pattern = re.escape(expected.rstrip("\n")).replace("…", "[^\n]*")
        assert re.fullmatch(pattern, printed.rstrip("\n")), (
            f"$ {first}\n--- documented\n{expected}\n--- printed\n{printed}"
        )
        return part


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_document(path: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    rewrite = bool(request.config.getoption("--rewrite"))
    shim(tmp_path)
    reader = Reader(tmp_path, rewrite)
    text = path.read_text()
    new = BLOCK.sub(reader.block, text)
    new = TABLE.sub(lambda match: f"{match[1]}{TABLES[match['name']]()}{match[4]}", new)
    if rewrite:
        path.write_text(new)
    else:
        assert new == text, "a printed table is out of date; run pytest tests/test_docs.py --rewrite"


def shim(folder: Path) -> None:
    """The console command, also where the package is on the path without being installed."""
    (folder / "bin").mkdir()
    command = folder / "bin" / "quorate"
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "from quorate.checker.cli import main; main()" "$@"\n')
    command.chmod(0o755)


def error_codes() -> str:
    rows = [f"| {code} | {title} | {cure} |" for code, (title, cure) in sorted(CODES.items())]
    return "\n".join(
        ["| code | what | cure |", "|---|---|---|", *(row.replace(" | - ", r" \| - ") for row in rows), ""]
    )


def words() -> str:
    rows = ["| word | meaning |", "|---|---|"]
    for name in lang.__all__:
        doc = (getattr(lang, name).__doc__ or "").strip().split("\n\n")[0]
        sentence = " ".join(doc.split()).replace("|", r"\|")
        rows.append(f"| `{name}` | {sentence} |")
    return "\n".join([*rows, ""])


TABLES: dict[str, Callable[[], str]] = {"error codes": error_codes, "words": words}
