"""Compiled models of tests go to one cache for the whole run, and are gone afterwards."""

import os
import shutil
import tempfile
from collections.abc import Iterator

import pytest


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
