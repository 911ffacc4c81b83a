"""kazoo's own tests, as its package ships them, against a served ensemble of three.

They run in a process of their own for each file (kazoo's cache tests count live objects), with a bare configuration,
for our own turns warnings into errors. Left out by name is what this ensemble does not offer; everything else must
pass, three tests that stop a server included, and the number of tests that ran is fixed, so that none can vanish.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as Xml
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NOT_OFFERED = {
    "test_read_only": "a server that answers reads without a quorum",
    "TestSSLClient": "a second port with certificates that the harness makes",
    "TestReconfig": "reconfiguration",
}
# File → tests that pass there. kazoo 2.11.0: 239 in all.
PASSING = {
    "test_barrier": 8,
    "test_cache": 17,
    "test_client": 107,
    "test_connection": 10,
    "test_counter": 5,
    "test_election": 2,
    "test_interrupt": 1,
    "test_lease": 12,
    "test_lock": 31,
    "test_partitioner": 8,
    "test_party": 4,
    "test_queue": 12,
    "test_watchers": 22,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PASSING))
def test_kazoo_against_three(name: str, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "kazoo_ensemble", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["--rootdir", str(tmp_path), f"--junitxml={report}", "--pyargs", f"kazoo.tests.{name}"]
    command += ["-k", " and ".join(f"not {left_out}" for left_out in NOT_OFFERED)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])}
    run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=580)
    suite = Xml.parse(report).getroot()[0]
    counts = {key: int(suite.attrib[key]) for key in ("tests", "failures", "errors", "skipped")}
    passed = counts["tests"] - counts["failures"] - counts["errors"] - counts["skipped"]
    print(f"{name}: {passed} passed, {counts['skipped']} skipped")
    assert (counts["failures"], counts["errors"]) == (0, 0), run.stdout[-4000:]
    assert passed == PASSING[name], run.stdout[-4000:]
