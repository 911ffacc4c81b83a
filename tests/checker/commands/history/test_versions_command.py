"""`quorate versions`, and `version=` and `fix=` among the words of a command line."""

import json

import pytest


def test_a_release_has_its_bugs_with_what_fixes_them_and_how_they_are_shown(quorate) -> None:
    outcome = quorate("versions", "3.8.4")
    assert outcome.code == 0
    lines = outcome.out.splitlines()
    assert lines[0] == "3.8.4: 13 of the bugs in the table can bite"
    at = lines.index("  4643  data loss · fixed in 3.8.5")
    assert lines[at + 2].strip() == (
        "quorate check zookeeper crashes=0 --variant epoch-before-log --split NL --property epoch_implies_history"
    )
    assert "  5094  inconsistency · not fixed" in lines


def test_a_range_says_which_release_has_what(quorate) -> None:
    out = quorate("versions", "3.9.2..3.9.4").out
    assert out.startswith("3.9.2 to 3.9.4: ")
    assert "  4925  data loss · fixed in 3.9.4 · in 3.9.3\n" in out
    assert "  5094  inconsistency · not fixed\n" in out


def test_every_release_is_listed_and_as_data_too(quorate) -> None:
    lines = quorate("versions").out.splitlines()
    assert len(lines) == 41 and lines[-1] == "3.9.5   5094 2846 4837 4882 2354 3526"
    data = json.loads(quorate("versions", "3.9", "--output-format", "json").out)
    assert [one["version"] for one in data["releases"]] == [f"3.9.{patch}" for patch in range(6)]
    assert data["releases"][3]["bugs"][2]["issue"] == "4925"


def test_a_bug_is_shown_in_the_way_that_the_release_has_it(quorate) -> None:
    elected, synced = quorate("versions", "3.5.3").out, quorate("versions", "3.4.14").out
    assert " --variant snapshot-survives-truncation --variant snapshot-when-elected --property " in elected
    assert " servers=5 disconnects=1 crashes=0 epochs=3 kept=0 --variant snapshot-survives-truncation --prop" in synced
    assert " --variant log-async --split NL --property pending_commit\n" in quorate("versions", "3.9.1").out
    assert " --variant log-all-pending --split NL --property pending_commit\n" in quorate("versions", "3.9.2").out


def test_a_fix_closes_and_opens(quorate) -> None:
    out = quorate("versions", "3.6.2", "--fix", "3911").out
    assert out.startswith("3.6.2 with the fix of 3911: closes 3911, opens 4646 4685 4394 4712\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("versions", "3.4.5"),
            "no release '3.4.5'; it has 3.4.6 to 3.9.5; the sources of older ones have not been read",
        ),
        (("versions", "3.9.6"), "it has 3.4.6 to 3.9.5, of the line 3.9.0 to 3.9.5. What a release does is read"),
        (("versions", "x..3.9.1"), "'x' is not a release such as 3.8.4"),
        (("versions", "3.9.1", "--fix", "39"), "the table has no bug '39'"),
        (("check", "zookeeper", "fix=3911"), "name one release, such as version=3.8.4 for the fix"),
        (("check", "zookeeper", "version=3.8.4", "version=3.8.5"), "name one release"),
        (("check", "zookeeper", "version=3.8.99"), "the table has no release '3.8.99'"),
        (("check", "zab", "version=3.8.4"), "Zab has no constant 'version'"),
    ],
)
def test_a_mistake_is_answered(quorate, words: tuple[str, ...], said: str) -> None:
    outcome = quorate(*words)
    assert outcome.code == 2 and said in outcome.err


def test_a_release_is_checked_with_its_variants_and_every_split(quorate) -> None:
    words = ("check", "zookeeper", "version=3.8.4", "crashes=0", "--property", "first_ack")
    outcome = quorate(*words)
    assert outcome.code == 1
    assert "log-async" in outcome.out and "split at CP.apply, ELECT.epoch" in outcome.out
    assert f"repeat with: quorate {' '.join(words)}" in outcome.out


def test_a_fix_may_open_the_next_bug(quorate) -> None:
    first_ack = ("crashes=0", "--split", "NL", "--split", "SY", "--property", "first_ack")
    assert quorate("check", "zookeeper", "version=3.6.2", *first_ack).code == 0
    assert quorate("check", "zookeeper", "version=3.6.2", "fix=3911", *first_ack).code == 1
    assert quorate("check", "zookeeper", "version=3.6.2", "fix=3911,4685", *first_ack).code == 0
