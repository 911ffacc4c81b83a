"""A profile in words and as JSON: what dominates, a table of actions, memory for each state, what grows."""

from collections.abc import Iterator
from typing import Any

from ..profile import Profile, Spent
from ..result import Result
from .console import show_memory

LARGE = 1024  # expanded states from which on it is said what grows


def render_profile(result: Result, profile: Profile) -> Iterator[str]:
    """The profile as lines."""
    shares = ("guards and steps", _total(profile.actions)), ("properties", _total(profile.properties))
    parts = ", ".join(f"{_share(profile, seconds)} {name}" for name, seconds in (*shares, ("the rest", profile.rest)))
    yield f"profile: {profile.seconds:.2f} s: {parts}"
    dominating = max((*profile.actions, *profile.properties), key=lambda one: one.seconds, default=None)
    if dominating is not None and dominating.seconds > profile.rest:
        yield f"  what dominates: {dominating.name} ({_share(profile, dominating.seconds)})"
    else:
        yield f"  what dominates: looking states up and keeping them ({_share(profile, profile.rest)})"
    yield from _table(profile)
    yield from _memory(result, profile)
    grows = profile.grows()
    if grows is not None and profile.states >= LARGE:
        now, new = grows.values[-1], grows.values[-1] - grows.values[-2]
        more = f"about {now:,} different values, {new:,} of them since the states last doubled"
        yield f"  what grows most: {grows.variable} ({more})"


def _table(profile: Profile) -> Iterator[str]:
    names = [one.name for one in (*profile.actions, *profile.properties)]
    width = max(map(len, names), default=6)
    head = f"{'time':>5}  {'tried':>13}  {'guards held':>11}  {'successors':>12}  {'new states':>11}"
    yield f"  {'action':<{width}}  {head}"
    for one in sorted(profile.actions, key=lambda one: -one.seconds):
        tried = "drawn" if one.tried is None else f"{one.tried:,}"
        rate = "" if one.rate is None else f"{one.rate:.2%}"
        counts = f"{tried:>13}  {rate:>11}  {one.taken:>12,}  {one.new:>11,}"
        yield f"  {one.name:<{width}}  {_share(profile, one.seconds):>5}  {counts}"
    yield f"  {'property':<{width}}  {'time':>5}  {'evaluated':>13}"
    for one in sorted(profile.properties, key=lambda one: -one.seconds):
        yield f"  {one.name:<{width}}  {_share(profile, one.seconds):>5}  {one.calls:>13,}"


def _memory(result: Result, profile: Profile) -> Iterator[str]:
    states = max(1, result.distinct)
    parts = [f"{name} {size / states:.1f} ({show_memory(size)})" for name, size in profile.memory.items()]
    load = "" if profile.load is None else f"; the table is {profile.load:.0%} full"
    yield f"  bytes per state: {', '.join(parts)}{load}"


def _total(spent: tuple[Spent, ...]) -> float:
    return sum(one.seconds for one in spent)


def _share(profile: Profile, seconds: float) -> str:
    return f"{seconds / profile.seconds:.0%}" if profile.seconds else "0%"


def profile_to_json(result: Result, profile: Profile) -> dict[str, Any]:
    """The profile as JSON."""
    grows = profile.grows()
    return {
        "seconds": round(profile.seconds, 6),
        "rest": round(profile.rest, 6),
        "actions": [_spent(one) | {"tried": one.tried, "taken": one.taken, "new": one.new} for one in profile.actions],
        "properties": [_spent(one) for one in profile.properties],
        "expanded": profile.states,
        "memory": dict(profile.memory),
        "bytes_per_state": round(sum(profile.memory.values()) / max(1, result.distinct), 2),
        "load": profile.load,
        "values": {one.variable: list(one.values) for one in profile.growth},
        "grows": None if grows is None else grows.variable,
    }


def _spent(one: Spent) -> dict[str, Any]:
    return {"name": one.name, "seconds": round(one.seconds, 6), "calls": one.calls}
