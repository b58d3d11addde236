"""The one way in: an ``Engine`` starts, resumes and ends runs, and tells of them.

with open_engine(load_config(path).config, environment=os.environ, owner="me@host") as engine:
    run = engine.start(build_target(TargetFlags(...)))
    outcome = run.wait()

``open_engine`` gives an ``Engine`` what a configuration names; ``Engine(...)`` takes any log, cluster and object store.
``AsyncEngine`` is the same for coroutines. Errors are ``scylla_restore.engine.errors.RestoreError``, and of the log
``scylla_restore.events.errors.LogError``.
"""

from loguru import logger

from scylla_restore.engine.api.asynchronous import AsyncEngine, AsyncRun
from scylla_restore.engine.api.backups import Backup, find_backups, told_by_manifests, told_by_names
from scylla_restore.engine.api.configured import open_engine
from scylla_restore.engine.api.connection import ClusterConnection, cluster_connection
from scylla_restore.engine.api.engine import Engine
from scylla_restore.engine.api.hooks import Hooks
from scylla_restore.engine.api.loading import LoadedRun, load_run
from scylla_restore.engine.api.plan import Plan
from scylla_restore.engine.api.run import Outcome, Run, Subscriber
from scylla_restore.engine.api.stores import Stores
from scylla_restore.engine.backup.catalogue import CataloguedSnapshot
from scylla_restore.engine.config import choose_cluster, load_config
from scylla_restore.engine.core.target import build_target
from scylla_restore.engine.core.target_flags import TargetFlags
from scylla_restore.events.log.memory import MemoryLog
from scylla_restore.events.log.opening import open_log
from scylla_restore.events.tables.listing import list_runs
from scylla_restore.events.tables.opening import tables_beside
from scylla_restore.events.tables.rebuilding import Rebuilt, rebuild
from scylla_restore.events.unfinished import newest_unfinished, unfinished

__all__ = [
    "AsyncEngine",
    "AsyncRun",
    "Backup",
    "CataloguedSnapshot",
    "ClusterConnection",
    "Engine",
    "Hooks",
    "LoadedRun",
    "MemoryLog",
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
    "find_backups",
    "list_runs",
    "load_config",
    "load_run",
    "newest_unfinished",
    "open_engine",
    "open_log",
    "rebuild",
    "tables_beside",
    "told_by_manifests",
    "told_by_names",
    "unfinished",
]

# A library says nothing unless it is asked to: `logger.enable("scylla_restore")`.
logger.disable("scylla_restore")
