"""The one way in: an ``Engine`` starts, resumes and ends runs, and tells of them.

with Engine(log=log, cluster=connection, open_store=open_store, owner="me@host") as engine:
    run = engine.start(target)
    run.wait()
"""

from scylla_restore.engine.api.connection import ClusterConnection, cluster_connection
from scylla_restore.engine.api.engine import Engine
from scylla_restore.engine.api.loading import LoadedRun, load_run
from scylla_restore.engine.api.run import Outcome, Run

__all__ = [
    "ClusterConnection",
    "Engine",
    "LoadedRun",
    "Outcome",
    "Run",
    "cluster_connection",
    "load_run",
]
