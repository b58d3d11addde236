"""An engine put together from flags and configuration."""

import getpass
import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from scylla_restore.engine.api import Engine, Subscriber, open_engine
from scylla_restore.engine.cli.context import Context
from scylla_restore.engine.config import ChosenCluster, ConnectionFlags, choose_cluster
from scylla_restore.engine.secrets import SecretReference
from scylla_restore.events.log.port import EventLog


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


@contextmanager
def engine_for(context: Context, log: EventLog, on_event: Subscriber) -> Iterator[Engine]:
    """Lend an engine that works on the cluster that is meant.

    Raises:
        ConfigurationError: something in the configuration is missing or wrong.
    """
    with open_engine(
        context.file.config,
        environment=context.environment,
        owner=identity(),
        cluster=chosen_cluster(context),
        log=log,
        on_event=on_event,
    ) as engine:
        yield engine
