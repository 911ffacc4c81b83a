"""A pytest plugin that lets kazoo's own tests run against a served ensemble of three.

Loaded with `-p kazoo_ensemble` by `test_kazoo_ensemble.py`. kazoo's harness would start three Java servers; here its
cluster is three processes of ours, which its tests may stop and start.
"""

import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import Any

# The harness imports these for TLS certificates only.
for name in ("OpenSSL", "jks"):
    sys.modules.setdefault(name, ModuleType(name))
os.environ["ZOOKEEPER_VERSION"] = "3.8.0"

from kazoo.testing import harness  # noqa: E402
from quorate.checker.ensemble import processes  # noqa: E402

SUPER_TEST = "DigestAuthenticationProvider.superDigest=super:D/InIHSb7yEEbrWz8b9l71RjZJU="  # password: test


class Server:
    """One member, as kazoo's harness wants to see it."""

    running = True

    def __init__(self, folder: Path, member: processes.Member) -> None:
        self._folder, self._member = folder, member
        self.address = f"127.0.0.1:{member.port}"

    def run(self) -> None:
        processes.start(self._folder, self._member)

    def stop(self) -> None:
        processes.stop([self._member])

    def wait(self) -> None:
        processes.wait_until_serving([self._member])


class Cluster(list[Server]):
    """Lives as long as the test run."""

    def __init__(self) -> None:
        folder = Path(tempfile.mkdtemp())
        processes.create(folder, 3, 0, 500, [SUPER_TEST, "minSessionTimeout=1000", "maxSessionTimeout=60000"])
        super().__init__(Server(folder, member) for member in processes.members(folder))
        for server in self:
            server.run()
        for server in self:
            server.wait()

    def terminate(self) -> None:
        """The harness does this after every class; the servers go on."""

    def get_logs(self) -> list[str]:
        return []


CLUSTERS: list[Cluster] = []


def pytest_sessionstart(session: Any) -> None:
    CLUSTERS.append(Cluster())
    harness.get_global_cluster = lambda: CLUSTERS[0]


def pytest_sessionfinish(session: Any) -> None:
    for server in CLUSTERS.pop():
        server.stop()
