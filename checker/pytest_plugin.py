"""A plugin for pytest: specifications are collected and checked like tests.

`spec_*.py` files are collected, one item for each specification, as configured by its defaults, and property; the
`check` fixture and `@spec_test` check one configuration inside a test. What fails shows the counterexample, why it is
one, and where its trace is stored. Profiles bound the time of one check; a check that was cut short does not pass.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .output.report import Report

PROFILES = {"dev": 10.0, "ci": 300.0, "nightly": 4 * 3600.0}  # seconds for one check
Check = Callable[..., "Report"]


class CheckFailed(Exception):
    """A check ended otherwise than expected; the text is the whole report."""

    __tracebackhide__ = True


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("quorate", "specifications checked by quorate")
    group.addoption(
        "--quorate-profile",
        choices=list(PROFILES),
        default="dev",
        help="how long one check may take: dev 10 s, ci 5 min, nightly 4 h (default: dev)",
    )


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> "SpecificationFile | None":
    if file_path.suffix == ".py" and file_path.name.startswith("spec_"):
        found: SpecificationFile = SpecificationFile.from_parent(parent, path=file_path)
        return found
    return None


class SpecificationFile(pytest.File):
    """A `spec_*.py` file: its specifications with their properties."""

    def collect(self) -> Iterator["PropertyItem"]:
        from ..spec.lang.errors import Refused
        from ..spec.lang.reader import load, read

        try:
            tree = read(load(str(self.path)), {}, ())
        except Refused as refused:
            raise self.CollectError(str(refused)) from None
        names = [one.name for one in tree.properties if one.kind in ("invariant", "step_invariant", "witness")]
        for name in [*names, "deadlock"]:
            yield PropertyItem.from_parent(self, name=f"{tree.name}::{name}", property_name=name)


class PropertyItem(pytest.Item):
    """One property of a specification; a witness must be reached."""

    def __init__(self, *, property_name: str, **rest: Any) -> None:
        super().__init__(**rest)
        self._property = property_name

    def runtest(self) -> None:
        seconds = PROFILES[self.config.getoption("--quorate-profile")]
        _checked(str(self.path), seconds, properties=(self._property,), fail_on="violation,incomplete,vacuous")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        if isinstance(excinfo.value, CheckFailed):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        return self.path, None, self.name


@pytest.fixture
def check(request: pytest.FixtureRequest) -> Check:
    """`check("my_spec.py", servers=3, variants=["careless"])` fails the test unless everything holds."""
    seconds = PROFILES[request.config.getoption("--quorate-profile")]

    def run(specification: str, **given: Any) -> "Report":
        __tracebackhide__ = True
        try:
            return _checked(specification, seconds, **given)
        except CheckFailed as failed:
            pytest.fail(str(failed), pytrace=False)

    return run


def spec_test(specification: str, **given: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Turns a function that takes the report into a test: `@spec_test("my_spec.py", servers=3)`."""

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        def test(check: Check) -> None:
            function(check(specification, **given))

        wrapped = wraps(function)(test)
        del wrapped.__wrapped__  # pytest would ask for its arguments
        return wrapped

    return decorate


def _checked(
    specification: str,
    seconds: float,
    variants: tuple[str, ...] = (),
    properties: tuple[str, ...] = (),
    expect: str = "holds",
    fail_on: str = "violation,incomplete",
    engine: str = "auto",
    **constants: int,
) -> "Report":
    from ..spec.lang.errors import Refused
    from .commands.arguments import find_class, read_specification
    from .commands.mistakes import Mistake
    from .commands.request import Request
    from .commands.search import report_on, search
    from .output.report import render_report

    words = tuple(f"{name}={value}" for name, value in constants.items())
    request = Request(
        specification,
        words,
        tuple(variants),
        property_=tuple(properties),
        expect=expect,
        fail_on=fail_on,
        engine=engine,
        timeout=seconds,
    )
    try:
        tree = read_specification(find_class(specification), words, request.variant)
        report = report_on(request, tree, search(request, tree, None))
    except (Mistake, Refused) as problem:
        raise CheckFailed(str(problem)) from None
    if report.code:
        raise CheckFailed(render_report(report))
    return report
