"""The one way in: an ``Engine`` starts, resumes and ends runs, and tells of them.

with Engine(log=log, cluster=cluster, open_store=stores.open, owner="me@host") as engine:
    run = engine.start(build_target(TargetFlags(...)))
    outcome = run.wait()

What an engine is given comes from a configuration: ``load_config``, ``choose_cluster`` and ``cluster_connection``,
``Stores``, ``open_log``.
"""

from loguru import logger

from scylla_restore.engine.api.connection import ClusterConnection, cluster_connection
from scylla_restore.engine.api.engine import Engine
from scylla_restore.engine.api.finding import newest_unfinished, unfinished
from scylla_restore.engine.api.loading import LoadedRun, load_run
from scylla_restore.engine.api.plan import Plan
from scylla_restore.engine.api.run import Outcome, Run, Subscriber
from scylla_restore.engine.api.stores import Stores
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.core.target import build_target
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.events.log.opening import open_log
from scylla_restore.events.tables.listing import list_runs
from scylla_restore.events.tables.opening import tables_beside
from scylla_restore.events.tables.rebuilding import Rebuilt, rebuild

__all__ = [
    "ClusterConnection",
    "Engine",
    "LoadedRun",
    "Outcome",
    "Plan",
    "Rebuilt",
    "Run",
    "Stores",
    "Subscriber",
    "TargetFlags",
    "build_target",
    "choose_cluster",
    "cluster_connection",
    "list_runs",
    "load_config",
    "load_run",
    "newest_unfinished",
    "open_log",
    "rebuild",
    "tables_beside",
    "unfinished",
]

# A library says nothing unless it is asked to: `logger.enable("scylla_restore")`.
logger.disable("scylla_restore")
