"""Whatever Python stands in an action, the reader gives a tree or refusals, never anything else.

The bodies are those of functions in Python's own library, with names replaced at random by parts of the state so
that reading gets past the first line. The seed is part of the test's name.
"""

import ast
import os
import random
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from quorate.spec.lang.errors import Refused
from quorate.spec.lang.reader import load, read

TEMPLATE = (Path(__file__).parent / "rejected" / "e101_while_loop.py").read_text().split("        while ")[0]
PARTS = [
    "self.epoch",
    "self.seen",
    "self.log",
    "self.phase[s]",
    "s",
    "1",
    "self.leader",
    "self.message",
    "None",
    "True",
]
BODIES = 100


class Mixed(ast.NodeTransformer):
    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.replaced(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        self.generic_visit(node)
        return self.replaced(node)

    def replaced(self, node: ast.Name | ast.Attribute) -> ast.expr:
        if isinstance(node.ctx, ast.Load) and self.chance.random() < 0.65:
            return ast.copy_location(ast.parse(self.chance.choice(PARTS), mode="eval").body, node)
        return node


def bodies(chance: random.Random) -> Iterator[str]:
    files = chance.sample(sorted(Path(os.__file__).parent.glob("*.py")), 20)
    functions = [
        node
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and len(node.body) < 30
    ]
    for function in chance.sample(functions, min(BODIES, len(functions))):
        yield "\n".join(ast.unparse(Mixed(chance).visit(statement)) for statement in function.body)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_any_python_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    warnings.simplefilter("ignore", SyntaxWarning)  # calling a number is what this test is about
    seen = 0
    for number, body in enumerate(bodies(random.Random(seed))):
        path = tmp_path / f"body_{seed}_{number}.py"
        path.write_text(TEMPLATE + textwrap.indent(body, "        ") + "\n")
        try:
            read(load(str(path)))
        except Refused as refused:
            assert refused.refusals
        seen += 1
    assert seen == BODIES
