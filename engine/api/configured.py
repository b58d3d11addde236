"""An engine put together from a configuration, and taken apart again."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

from scylla_restore.engine.api.connection import cluster_connection
from scylla_restore.engine.api.engine import Engine
from scylla_restore.engine.api.hooks import Hooks
from scylla_restore.engine.api.run import Subscriber
from scylla_restore.engine.api.stores import Stores
from scylla_restore.engine.config import ChosenCluster, Config, choose_cluster
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.events.log.opening import open_log
from scylla_restore.events.log.port import EventLog


@contextmanager
def open_engine(
    config: Config,
    *,
    environment: Mapping[str, str],
    owner: str,
    cluster: ChosenCluster | None = None,
    log: EventLog | None = None,
    on_event: Subscriber | None = None,
    hooks: Hooks | None = None,
) -> Iterator[Engine]:
    """Lend an engine for a configured cluster; all that was opened for it is closed with the block.

    ``environment`` is where references to secrets (``env:NAME``) are looked up. ``cluster`` is which one, if several are
    configured; ``log`` is used in place of the configured one, and stays open.

    Raises:
        ConfigurationError: something is missing or wrong in the configuration, or a secret cannot be had.
        LogError: the log cannot be opened.
    """
    with ExitStack() as stack:
        if log is None:
            log = _open_log(config, environment)
            stack.callback(log.close)
        connection = cluster_connection(cluster or choose_cluster(config), environment)
        stack.callback(connection.close)
        stores = stack.enter_context(Stores(config, environment))
        yield stack.enter_context(
            Engine(
                log=log,
                cluster=connection,
                open_store=stores.open,
                owner=owner,
                on_event=on_event,
                hooks=hooks,
            )
        )


def _open_log(config: Config, environment: Mapping[str, str]) -> EventLog:
    if config.log.url is None:
        raise ConfigurationError("no event log is configured", hint="set `url` in [log]")

    def password() -> str | None:
        reference = config.log.password
        return (
            None if reference is None else reference.resolve(environment, what="the log's password").reveal()
        )

    return open_log(config.log.url, create=True, password=password)
