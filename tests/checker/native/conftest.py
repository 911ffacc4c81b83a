"""Compiled models of tests go to one cache for the whole run, and are gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator

import pytest
from quorate.checker.model import Options
from quorate.checker.native.binding import load_model
from quorate.checker.native.compiler import find_compiler, library, runtime_library
from quorate.checker.native.engine import Prepared, write
from quorate.spec.lang import ir

Unoptimised = Callable[[ir.Specification, Options], Prepared]
# Warnings about constants that nobody would compare or check are left out.
STRICT = ("-Werror", "-Wno-type-limits", "-Wno-tautological-compare", "-Wno-shift-count-overflow")


@pytest.fixture(scope="session", autouse=True)
def _cache_of_tests() -> Iterator[None]:
    folder = os.environ.get("QUORATE_CACHE")
    if folder:
        yield
        return
    passing = tempfile.mkdtemp(prefix="quorate-tests-")
    os.environ["QUORATE_CACHE"] = passing
    yield
    del os.environ["QUORATE_CACHE"]
    shutil.rmtree(passing, ignore_errors=True)


@pytest.fixture(scope="session")
def unoptimised() -> Unoptimised:
    """Compiles a model in a third of the time, for comparisons of many models on few states."""

    def prepared(tree: ir.Specification, options: Options) -> Prepared:
        program, compiler = write(tree, options), find_compiler()
        built = library("model", program.text, compiler, ("-O0", *STRICT))
        return Prepared(program, load_model(runtime_library(compiler), built, program.state.words))

    return prepared
