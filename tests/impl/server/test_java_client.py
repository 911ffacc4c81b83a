"""ZooKeeper's own command line against the served reference and against a real server: it must print the same."""

import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

SCRIPT = """
ls /
create /a data
create -s /a/s x
create -e /a/e x
create -c /c
create -t 100000 /t
get /a
get -s /a
stat /a
ls -s /a
ls -R /
set /a new
set -v 7 /a no
set -s -v 1 /a newer
getAcl /a
getAcl -s /a
setAcl /a world:anyone:cdrwa
addauth digest bob:pw
create /b secret auth:bob:cdrwa
getAcl /b
whoami
setquota -n 5 /a
listquota /a
delquota /a
listquota /a
getEphemerals
getEphemerals /a
getAllChildrenNumber /
sync /a
version
addWatch /a
set /a again
create /a/kid
delete /a/kid
removewatches /a
get -w /a
set /a once
set /a twice
ls -w /a
create /a/more
delete /a
delete /nothing
deleteall /a
ls /
create /x/y
create /zookeeper/x
get /zookeeper/config
config
reconfig -remove 1
stat /nothing
history
quit
"""
JARS = ":".join(f"/usr/share/java/{name}.jar" for name in ("zookeeper", "slf4j-nop", "commons-cli"))


def printed(port: int) -> list[str]:
    """What the command line prints, without the times of day and what depends on its own threads and hash order."""
    command = ["java", "-cp", JARS, "org.apache.zookeeper.ZooKeeperMain", "-server", f"127.0.0.1:{port}"]
    run = subprocess.run(command, input=SCRIPT, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    text = re.sub(r"([cm]time) = .*", r"\1 = …", run.stdout.replace(str(port), "PORT"))
    # Events are printed by a thread of their own, between the other lines or not any more.
    events = [line for line in text.splitlines() if line.startswith("WatchedEvent") and "Closed" not in line]
    identities = sorted(line for line in text.splitlines() if line.startswith(("ip: ", "digest: ")))
    beside = {"", "WATCHER::", *identities}
    lines = [line for line in text.splitlines() if line not in beside and not line.startswith("WatchedEvent")]
    return [*lines, *events, *identities, *run.stderr.splitlines()]


@pytest.mark.slow
def test_it_prints_the_same(ours: Callable[..., Any], theirs: Callable[..., Any]) -> None:
    here, there = printed(ours("--tick", "500").port), printed(theirs().port)
    assert here == there
    assert "Node not empty: /a" in here and "WatchedEvent state:SyncConnected type:NodeChildrenChanged path:/a" in here
