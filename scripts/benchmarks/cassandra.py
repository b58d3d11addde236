"""Logs in Apache Cassandra for benchmarks: at a given address, or in a node that is started for them."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from scylla_restore.events.log.opening import open_log
from scylla_restore.events.log.port import EventLog

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests.support.cassandra import PASSWORD, NotToBeHad, shared_node

OpenLog = Callable[[str], EventLog]


@contextmanager
def cql_logs(where: str) -> Iterator[OpenLog | None]:
    """Open logs in keyspaces of their own, by name; ``where`` is ``auto``, ``off``, or ``cql://[user@]host[:port]``.

    Nothing is opened where it is ``off``, or ``auto`` and Cassandra is not installed.
    """
    prefix = f"bench_{uuid4().hex[:8]}"

    def opener(server: str) -> OpenLog:
        return lambda name: open_log(f"{server}/{prefix}_{name.replace('-', '_')}", password=lambda: PASSWORD)

    if where == "off":
        yield None
    elif where != "auto":
        yield opener(where)
    else:
        with tempfile.TemporaryDirectory() as directory:
            try:
                with shared_node(Path(directory)) as cluster:
                    yield opener(cluster.url("").removesuffix("/"))
            except NotToBeHad as error:
                print(f"without Cassandra: {error}", file=sys.stderr)
                yield None
