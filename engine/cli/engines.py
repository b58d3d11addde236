"""An engine put together from flags and configuration."""

import getpass
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock

from scylla_restore.engine.api import Engine, Subscriber, cluster_connection
from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.config import ChosenCluster, Config, ConnectionFlags, choose_cluster
from scylla_restore.engine.secrets import SecretReference
from scylla_restore.engine.storage.opening import open_store
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.model.target import BackupLocation


def identity() -> str:
    """Return who this is, for the log: user, host and process."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a user without a name, as in some containers
        user = str(os.getuid())
    return f"{user}@{platform.node()} (process {os.getpid()})"


def chosen_cluster(context: Context) -> ChosenCluster:
    """Return the cluster that flags and configuration mean; warns of a token that others can see.

    Raises:
        ConfigurationError: there is no such cluster, or none, or several to choose from; or it lacks something.
    """
    flags = context.flags
    token = None if flags.auth_token is None else SecretReference(flags.auth_token, Path.cwd())
    if token is not None and token.is_literal:
        context.output.warn(
            "--auth-token is the secret itself, which everybody sees who can list processes: "
            "env:NAME or file:PATH hides it"
        )
    given = ConnectionFlags(
        host=tuple(host for text in flags.host for host in text.split(",") if host),
        port=flags.port,
        auth_token=token,
        tls_ca=flags.tls_ca,
        tls_fingerprint=flags.tls_fingerprint,
        insecure=flags.insecure,
    )
    return choose_cluster(context.file.config, flags.cluster, given)


class Stores:
    """The stores of backup locations, each opened once."""

    def __init__(self, config: Config, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self._lock = Lock()
        self._opened: dict[str, ObjectStore] = {}

    def open(self, location: BackupLocation) -> ObjectStore:
        """Return a location's store; nothing is asked of it yet.

        Raises:
            ConfigurationError: its settings lack something.
            StorageError: its SDK refuses the settings.
        """
        with self._lock:
            if location.key not in self._opened:
                settings = self._config.storage(location.key)
                self._opened[location.key] = open_store(location, settings, self._environment)
            return self._opened[location.key]

    def close(self) -> None:
        """Close all of them."""
        with self._lock:
            while self._opened:
                self._opened.popitem()[1].close()


@contextmanager
def engine_for(
    context: Context, log: EventLog, locations: Iterable[BackupLocation], on_event: Subscriber
) -> Iterator[Engine]:
    """Lend an engine that works on the cluster that is meant. What is wrong with the configuration is told first.

    Raises:
        ConfigurationError: something in the configuration is missing or wrong.
    """
    with ExitStack() as stack:
        cluster = cluster_connection(chosen_cluster(context), context.environment)
        stack.callback(cluster.close)
        stores = Stores(context.file.config, context.environment)
        stack.callback(stores.close)
        for location in locations:
            stores.open(location)
        engine = Engine(log=log, cluster=cluster, open_store=stores.open, owner=identity(), on_event=on_event)
        yield stack.enter_context(engine)
