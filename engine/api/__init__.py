"""The one way in: an ``Engine`` starts, resumes and ends runs, and tells of them.

with Engine(log=log, cluster=connection, open_store=open_store, owner="me@host") as engine:
    run = engine.start(target)
    run.wait()
"""

from loguru import logger

from scylla_restore.engine.api.connection import ClusterConnection, cluster_connection
from scylla_restore.engine.api.engine import Engine
from scylla_restore.engine.api.finding import newest_unfinished, unfinished
from scylla_restore.engine.api.loading import LoadedRun, load_run
from scylla_restore.engine.api.plan import Plan
from scylla_restore.engine.api.run import Outcome, Run, Subscriber

__all__ = [
    "ClusterConnection",
    "Engine",
    "LoadedRun",
    "Outcome",
    "Plan",
    "Run",
    "Subscriber",
    "cluster_connection",
    "load_run",
    "newest_unfinished",
    "unfinished",
]

# A library says nothing unless it is asked to: `logger.enable("scylla_restore")`.
logger.disable("scylla_restore")
