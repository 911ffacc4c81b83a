"""A pytest plugin that lets kazoo's own tests run against one served reference instead of a cluster of Java servers.

Loaded with `-p kazoo_plugin` by `test_kazoo_suite.py`. kazoo's harness would generate certificates and start Java; here
its cluster is one process of ours, which the tests can reach but not stop.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

# The harness imports these for TLS certificates only.
for name in ("OpenSSL", "jks"):
    sys.modules.setdefault(name, ModuleType(name))
os.environ["ZOOKEEPER_VERSION"] = "3.8.0"

from kazoo.testing import harness  # noqa: E402

SUPER_TEST = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="  # super user's password: test


class Served:
    """The server, and the cluster that consists of it alone."""

    running = True

    def __init__(self) -> None:
        command = [sys.executable, "-m", "quorate.impl.server", "--port", "0", "--words", "*"]
        self._process = subprocess.Popen(
            [*command, "--super-digest", SUPER_TEST, "--log-level", "warning"], stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.address = f"127.0.0.1:{json.loads(self._process.stdout.readline())['port']}"

    def __iter__(self) -> Iterator["Served"]:
        yield self

    def __getitem__(self, index: int) -> "Served":
        return [self][index]

    def terminate(self) -> None:
        """The harness does this after every class; the server goes on."""

    def get_logs(self) -> list[str]:
        return []

    def end(self) -> None:
        self._process.terminate()
        assert self._process.wait(10) == 0


SERVED: list[Served] = []


def pytest_sessionstart(session: Any) -> None:
    SERVED.append(Served())
    harness.get_global_cluster = lambda: SERVED[0]


def pytest_sessionfinish(session: Any) -> None:
    SERVED.pop().end()
