"""A plugin for pytest: specifications are collected and checked like tests.

`spec_*.py` files are collected, one item for each configuration that pyproject.toml lists, and property; the `check`
fixture and `@spec_test` check one configuration inside a test. What fails shows the counterexample, why it is one, and
where its trace and its page are. Profiles bound the time of one check; a check that was cut short does not pass.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from ..spec.lang import ir
    from .commands.request import Request
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
    """A `spec_*.py` file: its configurations with their properties.

    A configuration is a `[[tool.quorate.check]]` of the project's pyproject.toml that names the file; where there is
    none, the specification is checked as its defaults have it.
    """

    def collect(self) -> Iterator["CheckItem"]:
        from ..spec.lang.errors import Refused
        from .commands.arguments import find_class, read_specification
        from .commands.mistakes import Mistake

        try:
            for title, request in self._configurations():
                spec = find_class(request.specification)
                tree = read_specification(spec, request.constants, request.variant, request.split)
                name = f"{tree.name}[{title}]" if title else tree.name
                for part, one in _parts(tree, request):
                    yield CheckItem.from_parent(self, name=f"{name}::{part}", request=one)
        except (Mistake, Refused) as problem:
            raise self.CollectError(str(problem)) from None

    def _configurations(self) -> Iterator[tuple[str, "Request"]]:
        """Each with its title; that of the defaults is empty."""
        from .ci.wanted import read_wanted, request_of
        from .commands.request import Request

        project = self.config.rootpath / "pyproject.toml"
        found = False
        for wanted in read_wanted(project) if project.is_file() else ():
            file, colon, own = wanted.specification.partition(":")
            if (self.config.rootpath / file).resolve() == self.path.resolve():
                found = True
                yield wanted.title(), replace(request_of(wanted), specification=f"{self.path}{colon}{own}")
        if not found:
            yield "", Request(str(self.path))


def _parts(tree: "ir.Specification", request: "Request") -> Iterator[tuple[str, "Request"]]:
    """A request for each property, by the property's name; where a violation is expected, one for all."""
    if request.expect == "violated":
        yield request.expect, request
        return
    names = [one.name for one in tree.properties if one.kind in ("invariant", "step_invariant", "witness")]
    for name in [*names, *(["deadlock"] if request.deadlock else [])]:
        if not request.property_ or name in request.property_:
            yield name, replace(request, property_=(name,), fail_on=f"{request.fail_on},vacuous")


class CheckItem(pytest.Item):
    """One property of one configuration; a witness must be reached."""

    def __init__(self, *, request: "Request", **rest: Any) -> None:
        super().__init__(**rest)
        self._request = request

    def runtest(self) -> None:
        _checked(self._request, PROFILES[self.config.getoption("--quorate-profile")])

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
            return _checked(_request(specification, **given), seconds)
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


def _request(
    specification: str,
    variants: Sequence[str] = (),
    properties: Sequence[str] = (),
    expect: str = "holds",
    fail_on: str = "violation,incomplete",
    engine: str = "auto",
    **constants: int,
) -> "Request":
    from .commands.request import Request

    words = tuple(f"{name}={value}" for name, value in constants.items())
    return Request(
        specification,
        words,
        tuple(variants),
        property_=tuple(properties),
        expect=expect,
        fail_on=fail_on,
        engine=engine,
    )


def _checked(request: "Request", seconds: float) -> "Report":
    """The report of a check that ended as it should; raises CheckFailed."""
    from ..spec.lang.errors import Refused
    from .commands.mistakes import Mistake
    from .commands.search import report_on, search
    from .output.report import render_report
    from .subject import subject

    bounded = replace(request, timeout=min(seconds, request.timeout or seconds))
    try:
        tree = subject(request.specification, request.constants, request.variant, request.split)
        report = report_on(bounded, tree, search(bounded, tree, None))
    except (Mistake, Refused) as problem:
        raise CheckFailed(str(problem)) from None
    if report.code:
        raise CheckFailed(render_report(report) + _pages(report))
    return report


def _pages(report: "Report") -> str:
    """Where the pages of the traces are, beside the traces; a folder that cannot be written has none."""
    from ..traces.page.document import to_html
    from ..traces.store import replace_file

    lines = []
    for shown in report.shown:
        if shown.path is not None:
            page = shown.path.with_suffix(".html")
            replace_file(page, to_html(shown.trace).encode())
            lines.append(f"page in:     {page}\n")
    return "".join(lines)
