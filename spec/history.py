"""What the issues of a program tell: its bugs, which releases have them, and what each fix changed.

`zookeeper/versions/table.py` is the data for ZooKeeper; a specification offers its own as `HISTORY` in its module.
Nothing here knows what a variant does.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

Variants = frozenset[str]


@dataclass(frozen=True, slots=True)
class Run:
    """The run that shows a bug: its own variants alone, these constants, these splits, the property of its cause."""

    property: str
    splits: tuple[str, ...] = ()
    constants: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Bug:
    """A way to lose data, or to fail: any of these combinations of variants gives it."""

    issue: str
    story: str
    severity: str
    fixed: tuple[str, ...]  # the first release of each line that has the fix; empty: not fixed
    variants: tuple[Variants, ...]
    run: Run
    adds: Variants = frozenset()  # the variants that its fix put in the place of what it took away
    takes: Variants = frozenset()  # what its fix took away; empty: the variants of the bug, and nothing else
    elsewhere: tuple[Variants, Run] | None = None  # a combination that takes a run of its own

    def fixed_after(self, version: str) -> str | None:
        """The nearest release after this one that has the fix; None where there is none yet."""
        later = [release for release in self.fixed if number(release) > number(version)]
        return min(later, key=number) if later else None

    def ways(self, variants: Variants) -> Iterator[tuple[Variants, Run]]:
        """The combinations among these variants that give it, with the run that shows each."""
        ways = [*((needed, self.run) for needed in self.variants), *([self.elsewhere] if self.elsewhere else [])]
        return (way for way in ways if way[0] <= variants)

    def is_in(self, variants: Variants) -> bool:
        """Whether these variants give it."""
        return any(True for _ in self.ways(variants))

    def repaired(self, variants: Variants) -> Variants:
        """The variants after the fix, as it was made: what it takes away, and what it puts there instead."""
        if not self.is_in(variants):
            return variants
        return (variants - (self.takes or frozenset().union(*self.variants))) | self.adds


@dataclass(frozen=True, slots=True)
class Releases:
    """Releases that behave alike: pairs of the first and the last of each line, and the variants they have."""

    lines: tuple[tuple[str, str], ...]
    tags: tuple[str, ...]  # of the sources that were read
    variants: Variants


class UnknownRelease(Exception):
    """The table has no such release, or no such bug."""


@dataclass(frozen=True, slots=True)
class History:
    """Bugs and releases, both in order of the table."""

    bugs: tuple[Bug, ...]
    releases: tuple[Releases, ...]
    older: str  # why the table begins where it does

    def variants_of(self, version: str, fixes: Iterable[str] = ()) -> Variants:
        """The variants that a release has, with the fixes of these issues applied to it. Raises UnknownRelease."""
        variants = self._released(version)
        for issue in fixes:
            variants = self.bug(issue).repaired(variants)
        return variants

    def bugs_of(self, variants: Variants) -> tuple[Bug, ...]:
        """The bugs that these variants give."""
        return tuple(bug for bug in self.bugs if bug.is_in(variants))

    def bug(self, issue: str) -> Bug:
        """The bug of an issue. Raises UnknownRelease."""
        for bug in self.bugs:
            if bug.issue == issue.removeprefix("ZOOKEEPER-"):
                return bug
        raise UnknownRelease(f"the table has no bug {issue!r}; it has {', '.join(bug.issue for bug in self.bugs)}")

    def versions(self) -> tuple[str, ...]:
        """Every release of the table, oldest first."""
        found = [
            _text((*first[:-1], patch))
            for releases in self.releases
            for first, last in (map(number, line) for line in releases.lines)
            for patch in range(first[-1], last[-1] + 1)
        ]
        return tuple(sorted(found, key=number))

    def between(self, first: str, last: str) -> tuple[str, ...]:
        """The releases from one to another, both included. Raises UnknownRelease."""
        low, high = number(first), number(last)
        return tuple(version for version in self.versions() if low <= number(version) <= high)

    def _released(self, version: str) -> Variants:
        wanted = number(version)
        for releases in self.releases:
            if any(number(first) <= wanted <= number(last) for first, last in releases.lines):
                return releases.variants
        raise UnknownRelease(self.missing(version))

    def missing(self, version: str) -> str:
        """Why the table says nothing about a release, and what does."""
        known = self.versions()
        said = f"the table has no release {version!r}; it has {known[0]} to {known[-1]}"
        try:
            wanted = number(version)
        except UnknownRelease:
            return said
        if wanted < number(known[0]):
            return f"{said}; {self.older}"
        near = [one for one in known if number(one)[:2] == wanted[:2]]
        return said + (f", of the line {near[0]} to {near[-1]}" if near else "") + _UNREAD


_UNREAD = (
    """. What a release does is read from its sources, not guessed: "quorate versions" lists those that were read"""
)


def number(version: str) -> tuple[int, ...]:
    """A release as numbers, to be compared. Raises UnknownRelease."""
    parts = version.split(".")
    if not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts):
        raise UnknownRelease(f"{version!r} is not a release such as 3.8.4")
    return tuple(map(int, parts))


def _text(parts: tuple[int, ...]) -> str:
    return ".".join(map(str, parts))
