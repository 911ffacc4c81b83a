"""Results as JUnit XML, which continuous integration shows as tests: a suite per configuration, a case per property.

A case fails when its verdict is not the expected one. What was not decided is an error, not a failure: no property was
found wrong, and none was shown right.
"""

import re
from collections.abc import Sequence
from xml.etree import ElementTree

from .report import Report, Shown, configuration_line, render_shown, states_in_words, verdict_in_words

NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


def to_junit(reports: Sequence[Report]) -> str:
    """The results as one XML document."""
    suites = [_suite(report) for report in reports]
    root = ElementTree.Element("testsuites", _totals(suites), name="quorate")
    root.extend(suites)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def _totals(suites: Sequence[ElementTree.Element]) -> dict[str, str]:
    counted = {name: sum(int(suite.get(name, "0")) for suite in suites) for name in ("tests", "failures", "errors")}
    seconds = sum(float(suite.get("time", "0")) for suite in suites)
    return {**{name: str(count) for name, count in counted.items()}, "time": f"{seconds:.3f}"}


def _suite(report: Report) -> ElementTree.Element:
    result = report.result
    name = _text(configuration_line(report))
    cases = [_case(report, name, one) for one in result.properties] or [_nothing(report, name)]
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": "0",
    }
    suite = ElementTree.Element("testsuite", counts, name=name, time=f"{result.seconds:.3f}")
    properties = ElementTree.SubElement(suite, "properties")
    facts = {"command": report.command, "verdict": verdict_in_words(report), "states": states_in_words(result)}
    facts |= {f"trace of {shown.trace.property}": str(shown.path) for shown in report.shown if shown.path is not None}
    for key, value in facts.items():
        ElementTree.SubElement(properties, "property", name=key, value=_text(value))
    suite.extend(cases)
    return suite


def _nothing(report: Report, suite: str) -> ElementTree.Element:
    case = ElementTree.Element("testcase", classname=suite, name="anything", time="0.000")
    error = ElementTree.SubElement(case, "error", type="nothing", message=_text(verdict_in_words(report)))
    error.text = _text(str(report.result.error or "no property was checked"))
    return case


def _case(report: Report, suite: str, name: str) -> ElementTree.Element:
    result = report.result
    case = ElementTree.Element("testcase", classname=suite, name=name, time="0.000")
    own = next((shown for shown in report.shown if shown.trace.property == name), None)
    text = _text(_told(report, own)) if own is not None else ""
    if own is not None and report.expect == "holds":
        ElementTree.SubElement(case, "failure", type="violated", message=f"{name} is violated").text = text
    elif own is not None:
        ElementTree.SubElement(case, "system-out").text = f"violated, as expected\n{text}"
    elif result.verdict == "undecided":
        error = ElementTree.SubElement(case, "error", type=result.reason, message=_text(verdict_in_words(report)))
        error.text = _text(str(result.error or verdict_in_words(report)))
    elif result.verdict == "holds" and report.expect == "violated":
        message = "holds, though a violation is expected"
        ElementTree.SubElement(case, "failure", type="holds", message=message).text = _text(report.command)
    elif report.code and result.verdict == "holds" and name in result.unreached():
        ElementTree.SubElement(case, "failure", type="vacuous", message=f"the witness {name} was not reached")
    elif result.verdict == "violated" and not result.complete:
        ElementTree.SubElement(case, "system-out").text = "not violated before the search stopped at a violation"
    return case


def _told(report: Report, shown: Shown) -> str:
    where = f"\ntrace in: {shown.path}" if shown.path is not None else ""
    return f"{render_shown(shown)}\nrepeat with: {report.command}{where}\n"


def _text(text: str) -> str:
    """The text without what XML cannot say."""
    return NOT_XML.sub("\N{REPLACEMENT CHARACTER}", text)
