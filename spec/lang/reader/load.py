"""Finding a user's specification: `file.py:Class`, or `file.py` where the file holds just one.

The file is imported as Python imports any script: its folder comes first on the path. Whatever goes wrong becomes
one refusal.
"""

import importlib.util
import sys
import traceback
import warnings
from pathlib import Path
from types import ModuleType
from typing import NoReturn

from ..errors import CODES, Refusal, Refused
from ..ir import Span
from ..specification import Spec

SIZE_LIMIT = 4_000_000  # bytes; a specification is text that people read


def load(reference: str) -> type[Spec]:
    """The class that `file.py:Class` or `file.py` names. Raises Refused where there is none."""
    path_text, _, class_name = reference.rpartition(":") if ":" in reference else (reference, "", "")
    path = Path(path_text)
    _check_file(path)
    module = _imported(path)
    specs = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Spec) and value.__module__ == module.__name__
    }
    if class_name in specs:
        return specs[class_name]
    if class_name:
        known = ", ".join(specs) or "none"
        _refuse("E002", path, f"{path} has no specification {class_name!r}", f"its specifications are: {known}")
    if len(specs) != 1:
        known = ", ".join(specs) or "none"
        _refuse(
            "E002", path, f"{path} has {len(specs)} specifications", f"name one, as `{path}:Class`; there are: {known}"
        )
    return next(iter(specs.values()))


def _refuse(code: str, path: Path, message: str, cure: str | None = None, line: int = 1, column: int = 1) -> NoReturn:
    text = ""
    if line > 1 or column > 1:
        lines = path.read_text(errors="replace").splitlines()
        text = lines[line - 1] if 0 < line <= len(lines) else ""
    span = Span(str(path), line, column, line, column)
    raise Refused([Refusal(code, span, message, cure or CODES[code][1], text)])


def _check_file(path: Path) -> None:
    if path.is_dir():
        _refuse("E003", path, f"{path} is a directory")
    if not path.exists():
        _refuse("E003", path, f"{path} does not exist")
    try:
        if path.stat().st_size > SIZE_LIMIT:
            _refuse("E003", path, f"{path} is larger than {SIZE_LIMIT} bytes")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        _refuse("E003", path, f"{path} is not a readable text: {problem}")
    if not text.strip():
        _refuse("E003", path, f"{path} is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the import will say it
            compile(text, str(path), "exec", dont_inherit=True)
    except SyntaxError as problem:
        _refuse("E001", path, f"the text is not Python: {problem.msg}", None, problem.lineno or 1, problem.offset or 1)
    except ValueError as problem:
        _refuse("E003", path, f"{path} is not a Python text: {problem}")


def _imported(path: Path) -> ModuleType:
    absolute = path.resolve()
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == str(absolute):
            return module
    name = absolute.stem if absolute.stem.isidentifier() and absolute.stem not in sys.modules else f"spec_{id(path):x}"
    found = importlib.util.spec_from_file_location(name, absolute)
    if found is None or found.loader is None:
        _refuse("E003", path, f"{path} is not a Python file", "give the file a name that ends in .py")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    if str(absolute.parent) not in sys.path:
        sys.path.insert(0, str(absolute.parent))
    try:
        found.loader.exec_module(module)
    except BaseException as problem:
        del sys.modules[name]
        if isinstance(problem, KeyboardInterrupt):
            raise
        _refuse_import(path, absolute, problem)
    return module


def _refuse_import(path: Path, absolute: Path, problem: BaseException) -> NoReturn:
    """Names the line of the user's file where the import went wrong."""
    own = [frame for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == str(absolute)]
    line, column = (own[-1].lineno or 1, (own[-1].colno or 0) + 1) if own else (1, 1)
    _refuse("E004", path, f"importing the file failed: {type(problem).__name__}: {problem}", None, line, column)
