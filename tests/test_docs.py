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
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest
import quorate
from quorate.checker.relational import evaluation
from quorate.spec import lang, zookeeper
from quorate.spec.history import Bug, number
from quorate.spec.lang.errors import CODES
from quorate.spec.lang.reader import read
from quorate.spec.lang.specification import Spec, declared
from quorate.spec.zookeeper.versions.table import HISTORY, RELEASES

ROOT = Path(quorate.__file__).parent
HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SET_UP = ("first command", "test command")
BLOCK = re.compile(
    r"(?:<!-- (?P<mark>[^>]*?) -->\n)?```(?P<language>\w+)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)
TABLE = re.compile(r"(<!-- printed: (?P<name>[\w ]+) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL)
# What differs from run to run, or with every edit: durations, rates, sizes of memory, names of traces.
VARYING = re.compile(r"\b\d[\d,.]*(?= (?:s|ms|kB|MB|GB|MiB|GiB|states/s)\b)|[0-9a-f]{16}(?=\.json\b)")


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


def find(name: str) -> type[Spec]:
    """One of ZooKeeper's specifications by its name on the command line."""
    module, _, class_name = zookeeper.SPECIFICATIONS[name].partition(":")
    found: type[Spec] = getattr(import_module(f"quorate.spec.zookeeper.{module}"), class_name)
    return found


def rows_of(kind: str) -> list[dict[str, Any]]:
    """Rows of tests/zookeeper.toml, each of which a test of tests/spec/zookeeper runs."""
    rows: list[dict[str, Any]] = tomllib.loads((HERE / "zookeeper.toml").read_text())[kind]
    return rows


def constants_of(row: dict[str, Any], kind: str = "constants") -> str:
    return " ".join(f"{name}={value}" for name, value in row[kind].items())


def figures(row: dict[str, Any], identity: str) -> str:
    if identity not in row:
        return "| | | |"
    distinct, generated, depth = row[identity]
    return f"| {distinct:,} | {generated - row.get('surplus', {}).get(identity, 0):,} | {depth} |"


def zab_counts() -> str:
    heads = "| configuration | `label`: distinct | generated | depth | `ghosts` | | | `state` | | | orbits (`label`) |"
    lines = [heads, "|---|" + "---:|" * 10]
    for row in rows_of("zab"):
        counts = "".join(figures(row, identity)[:-1] for identity in ("label", "ghosts", "state"))
        orbits = f"{row['symmetric']:,}" if "symmetric" in row else ""
        lines.append(f"| {constants_of(row)} {counts}| {orbits} |")
    return "\n".join([*lines, ""])


def zab_orbits() -> str:
    """Orbits by the name under which TLC sorts the variable that holds the label; test_zab_orbits.py computes them."""
    lines = ["| configuration | `ghosts` | orbits | TLC | TLC, renamed to `journal` | to `zz` |", "|---|" + "---:|" * 5]
    for row in rows_of("orbits"):
        tlc = row["tlc"]
        counts = [row["ghosts"], tlc["journal"], tlc["recorder"], tlc["journal"], tlc["zz"]]
        lines.append(f"| {constants_of(row)} | {' | '.join(f'{count:,}' for count in counts)} |")
    return "\n".join([*lines, ""])


def election_counts() -> str:
    lines = ["| configuration | distinct | generated | depth |", "|---|---:|---:|---:|"]
    return "\n".join([*lines, *(f"| {constants_of(row)} {figures(row, 'state')}" for row in rows_of("election")), ""])


def service_counts(name: str) -> str:
    """Rows of one of the specifications of the client-visible service."""
    heads = "| configuration | distinct | generated | depth | orbits | generated | depth | witnesses not reached |"
    lines = [heads, "|---|" + "---:|" * 6 + "---|"]
    for row in (row for row in rows_of("service") if row["specification"] == name):
        counts = figures(row, "plain")[:-1] + figures(row, "symmetric")
        lines.append(f"| {constants_of(row)} {counts} {', '.join(f'`{w}`' for w in row.get('unreached', []))} |")
    return "\n".join([*lines, ""])


def properties(name: str) -> str:
    lines = ["| name | kind | what it says |", "|---|---|---|"]
    known = read(find(name), {}, ()).properties
    lines += [f"| `{p.name}` | {p.kind} | {' '.join(p.doc.split())} |" for p in known]
    return "\n".join([*lines, ""])


def actions(name: str) -> str:
    lines = ["| action | what happens |", "|---|---|"]
    lines += [f"| `{a.name}` | {' '.join(a.doc.split())} |" for a in read(find(name), {}, ()).actions]
    return "\n".join([*lines, ""])


def variants(name: str) -> str:
    lines = ["| variant | configuration | property: states in the shortest counterexample |", "|---|---|---|"]
    for row in (row for row in rows_of("variant") if row["specification"] == name):
        broken = ", ".join(f"`{found}`: {length}" for found, length in row["breaks"].items())
        lines.append(f"| `{row['name']}` | {constants_of(row, 'all')} | {broken} |")
    return "\n".join([*lines, ""])


def counterexamples(name: str) -> str:
    """Every variant's shortest counterexample, as the golden texts of tests/spec/zookeeper have it."""
    folder = HERE / "golden/test_protocol_variants"
    sentences = {found.name: found.help for found in declared(find(name))[1].values()}  # type: ignore[attr-defined]
    parts = ["Time runs downwards: ● is where a step happens, ○ who takes part in it; `>` is received, `×` is lost.\n"]
    for row in (row for row in rows_of("variant") if row["specification"] == name):
        drawn = (folder / f"test_a_variant_is_found_by_a_shortest_trace[{row['name']}].txt").read_text()
        sentence, command = sentences[row["name"]], f"quorate check {name} {constants_of(row)}"
        alone = f" --property {row['violated']}" if "alone" in row else ""
        identity = f" --identity {row['identity']}" if "identity" in row else ""
        found = f"`{command} --variant {row['name']}{alone}{identity}` finds:"
        parts.append(f"### `{row['name']}`\n\n{sentence} {found}\n\n```text\n{drawn}```\n")
    return "\n" + "\n".join(parts) + "\n"


def witness_of_disagreement() -> str:
    golden = HERE / "golden/test_election_counts/test_two_servers_can_decide_differently_in_one_round.txt"
    return f"\n```text\n{golden.read_text()}```\n\n"


def state_graph(name: str, direction: str = "TD", apart: bool = False, **constants: int) -> str:
    """All states of one configuration, grouped by what the function of that name in state_graphs.py says of them."""
    found = spec_from_file_location("state_graphs", HERE / "state_graphs.py")
    assert found is not None and found.loader is not None
    graphs = sys.modules["state_graphs"] = module_from_spec(found)
    found.loader.exec_module(graphs)
    drawn: str = graphs.flowchart(read(find(name), constants, ()), getattr(graphs, name), direction, apart)
    return drawn


def relational_counterexample() -> str:
    return f"\n```text\n{(GOLDEN / 'test_proofs/test_a_counterexample_is_a_table.txt').read_text()}```\n\n"


def server_bugs() -> str:
    """The rows of tests/server_bugs.toml, each of which tests/spec/zookeeper/test_server_bugs.py runs."""
    lines = [
        "| ZOOKEEPER issue | variant | split | cause: states on the shortest trace | symptom |",
        "|---|---|---|---|---|",
    ]
    for row in tomllib.loads((HERE / "server_bugs.toml").read_text())["bug"]:
        bug = HISTORY.bug(row["issue"])
        names, splits = ", ".join(sorted(bug.variants[0])), " ".join(bug.run.splits)
        cause = server_run(bug.run.property, bug.run.constants, row["length"])
        symptom = server_run(**row["symptom"]) if "symptom" in row else ""
        lines.append(f"| {row['issue']} | `{names}` | {splits} | {cause} | {symptom} |")
    return "\n".join([*lines, ""])


def server_run(property: str, constants: Mapping[str, int], length: int) -> str:
    given = " ".join(f"{name}={value}" for name, value in constants.items())
    return f"`{property}`: {length}, with {given or 'the defaults'}"


def server_holds() -> str:
    lines = ["| configuration | states up to renaming of servers | generated | depth |", "|---|---:|---:|---:|"]
    for row in tomllib.loads((HERE / "server_bugs.toml").read_text())["good"]:
        distinct, generated, depth = row["counts"]
        lines.append(f"| {constants_of(row) or 'the defaults'} | {distinct:,} | {generated:,} | {depth} |")
    return "\n".join([*lines, ""])


def server_variants() -> str:
    lines = ["| variant | what it does |", "|---|---|"]
    known = declared(find("zookeeper"))[1]
    lines += [f"| `{found.name}` | {found.help} |" for found in known.values()]  # type: ignore[attr-defined]
    return "\n".join([*lines, ""])


def server_releases() -> str:
    lines = ["| releases | bugs of this model | read from the tags |", "|---|---|---|"]
    for releases in RELEASES:
        spans = ", ".join(first if first == last else f"{first} to {last}" for first, last in releases.lines)
        bugs = ", ".join(bug.issue for bug in HISTORY.bugs_of(releases.variants))
        lines.append(f"| {spans} | {bugs} | {', '.join(f'`{tag}`' for tag in releases.tags)} |")
    return "\n".join([*lines, ""])


def bug_link(bug: Bug) -> str:
    """A bug's name with its page in docs/bugs."""
    return f"[{bug.issue}]({'predicted' if bug.issue == 'predicted' else f'ZOOKEEPER-{bug.issue}'}.md)"


def bugs_by_release() -> str:
    lines = ["| releases | bugs |", "|---|---|"]
    for releases in sorted(RELEASES, key=lambda one: number(one.lines[0][0])):
        spans = ", ".join(first if first == last else f"{first} to {last}" for first, last in releases.lines)
        lines.append(f"| {spans} | {' '.join(map(bug_link, HISTORY.bugs_of(releases.variants)))} |")
    return "\n".join([*lines, ""])


def bugs() -> str:
    lines = ["| bug | what happens | severity | fixed in |", "|---|---|---|---|"]
    for bug in HISTORY.bugs:
        lines.append(f"| {bug_link(bug)} | {bug.story} | {bug.severity} | {', '.join(bug.fixed) or 'not fixed'} |")
    return "\n".join([*lines, ""])


# Quoted from "Multi-Grained Specifications for Distributed System Model Checking and Verification" (EuroSys 2025).
PAPER = (
    ("3023", "mSpec-3", 11, 13, 78_892, "I-11"),
    ("4394", "mSpec-1 unmasked", 9, 20, 14_264, "I-14"),
    ("4643", "mSpec-2", 17, 21, 208_018, "I-8"),
    ("4646", "mSpec-3", 109, 21, 2_880_498, "I-8"),
    ("4685", "mSpec-3", 10, 12, 67_418, "I-12"),
    ("4712", "mSpec-3", 11, 13, 73_293, "I-10"),
)


def bugs_of_the_paper() -> str:
    ours = {row["issue"]: row["length"] for row in tomllib.loads((HERE / "server_bugs.toml").read_text())["bug"]}
    heads = (
        "| bug | specification | seconds | depth | states | first invariant | ours: states on the trace to the cause |"
    )
    lines = [heads, "|---|---|---:|---:|---:|---|---:|"]
    for issue, where, seconds, depth, states, invariant in PAPER:
        link = bug_link(HISTORY.bug(issue))
        lines.append(f"| {link} | {where} | {seconds} | {depth} | {states:,} | {invariant} | {ours[issue]} |")
    return "\n".join([*lines, ""])


def golden_text(name: str) -> str:
    """What a slow test has printed; it compares it with a new run."""
    return (GOLDEN / f"{name}.txt").read_text()


TABLES: dict[str, Callable[[], str]] = {
    "error codes": error_codes,
    "words": words,
    "zab properties": lambda: properties("zab"),
    "zab actions": lambda: actions("zab"),
    "zab counts": zab_counts,
    "zab orbits": zab_orbits,
    "zab variants": lambda: variants("zab"),
    "zab counterexamples": lambda: counterexamples("zab"),
    "zab states": lambda: state_graph("zab", apart=True, servers=2, timeouts=0, transactions=0, epochs=1),
    "relational theories": lambda: "\n".join([*evaluation.theories(), ""]),
    "relational conjuncts": lambda: "\n".join([*evaluation.conjuncts("zab"), ""]),
    "relational bugs": lambda: (GOLDEN / "test_proof_tables/test_every_seeded_bug_breaks_a_proof.txt").read_text(),
    "relational left out": lambda: (GOLDEN / "test_proof_tables/test_what_is_left_out_is_noticed.txt").read_text(),
    "relational counterexample": relational_counterexample,
    "election properties": lambda: properties("election"),
    "election actions": lambda: actions("election"),
    "election counts": election_counts,
    "election variants": lambda: variants("election"),
    "election counterexamples": lambda: counterexamples("election"),
    "zookeeper properties": lambda: properties("zookeeper"),
    "zookeeper actions": lambda: actions("zookeeper"),
    "zookeeper variants": server_variants,
    "zookeeper bugs": server_bugs,
    "zookeeper holds": server_holds,
    "zookeeper releases": server_releases,
    "bugs by release": bugs_by_release,
    "bugs": bugs,
    "bugs of the paper": bugs_of_the_paper,
    "bugs by runs": lambda: golden_text("test_releases/test_every_cell_of_the_table_is_a_run"),
    "fixes": lambda: golden_text("test_releases/test_each_fix_closes_one_bug_and_opens_the_next"),
    "election disagreement": witness_of_disagreement,
    "znodes states": lambda: state_graph("znodes", "LR", zxids=1, sessions=1),
    "sessions states": lambda: state_graph("sessions", servers=1, requests=1, tick=1, timeout=1),
    "election states": lambda: state_graph(
        "election", servers=2, clocks=0, epochs=0, transactions=0, versions=0, queue=1
    ),
    "watches states": lambda: state_graph("watches", changes=1, requests=1, reconnects=0),
    "cluster states": lambda: state_graph("cluster", servers=1, writes=1, requests=1),
}
for _name in ("znodes", "sessions", "watches", "cluster"):
    TABLES[f"{_name} properties"] = partial(properties, _name)
    TABLES[f"{_name} actions"] = partial(actions, _name)
    TABLES[f"{_name} counts"] = partial(service_counts, _name)
    TABLES[f"{_name} variants"] = partial(variants, _name)
    TABLES[f"{_name} counterexamples"] = partial(counterexamples, _name)
