"""Printed specifications read back as the same tree."""

import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from itertools import count
from pkgutil import iter_modules

import pytest
from quorate.spec import classics, zookeeper
from quorate.spec.lang import Spec
from quorate.spec.lang.meaning.printer import print_specification
from quorate.spec.lang.reader import read

NUMBERS = count()


def bundled():
    for package in (classics, zookeeper):
        for module in iter_modules(package.__path__):
            found = vars(import_module(f"{package.__name__}.{module.name}")).items()
            yield from (v for _, v in found if isinstance(v, type) and issubclass(v, Spec) and has_actions(v))


def has_actions(spec):
    """Whether a class is a specification, and not one that others build on."""
    return any(getattr(getattr(spec, name), "__quorate__", "") == "action" for name in dir(spec))


def read_text(text, folder, name, variants=()):
    """The specification `name` in a module with this text."""
    path = folder / f"printed{next(NUMBERS)}.py"
    path.write_text(text)
    found = spec_from_file_location(path.stem, path)
    module = module_from_spec(found)
    sys.modules[path.stem] = module
    try:
        found.loader.exec_module(module)
        return read(getattr(module, name), {}, variants)
    finally:
        del sys.modules[path.stem]


@pytest.mark.parametrize("spec", sorted(set(bundled()), key=lambda spec: spec.__name__))
def test_a_bundled_specification_reads_back(spec, tmp_path):
    tree = read(spec, {}, ())
    text = print_specification(tree)
    again = read_text(text, tmp_path, tree.name)
    assert again == tree, text
