"""Which cluster is meant, and what the command line changes in how it is reached."""

from collections.abc import Mapping
from pathlib import Path

import msgspec

from scylla_restore.engine.config.model import ClusterSettings, Config
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import SecretReference


class ConnectionFlags(msgspec.Struct, frozen=True, kw_only=True):
    """The global flags about a cluster; what was not given is None. ``tls_fingerprint`` may be several, with commas."""

    host: tuple[str, ...] = ()
    port: int | None = None
    auth_token: SecretReference | None = None
    tls_ca: Path | None = None
    tls_fingerprint: str | None = None
    insecure: bool | None = None


class ChosenCluster(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster to work on; ``name`` is the configured one, else its first contact point."""

    name: str
    settings: ClusterSettings


def choose_cluster(
    config: Config, name: str | None = None, flags: ConnectionFlags | None = None
) -> ChosenCluster:
    """Return the cluster ``name``, else the one that ``flags`` describe, else the only one configured.

    Flags win over the file. Hosts without a name are a cluster that no file knows of: nothing configured for
    another one, its token least of all, is used for it.

    Raises:
        ConfigurationError: there is no such cluster, or none, or several to choose from; or it lacks hosts or a token.
    """
    flags = flags or ConnectionFlags()
    if name is None and flags.host:
        name, configured = flags.host[0], ClusterSettings()
    else:
        name, configured = _configured(config.cluster, name)
    settings = _with_flags(configured, flags)
    if not settings.hosts:
        raise ConfigurationError(f"cluster {name} has no hosts", hint="set `hosts`, or pass --host")
    if settings.auth_token is None:
        raise ConfigurationError(
            f"cluster {name} has no auth_token", hint="set `auth_token`, or pass --auth-token env:NAME"
        )
    return ChosenCluster(name=name, settings=settings)


def _configured(clusters: Mapping[str, ClusterSettings], name: str | None) -> tuple[str, ClusterSettings]:
    names = ", ".join(sorted(clusters)) or "none"
    if name is not None:
        if name not in clusters:
            raise ConfigurationError(f"no cluster {name!r} is configured", hint=f"configured are: {names}")
        return name, clusters[name]
    if not clusters:
        raise ConfigurationError(
            "no cluster is configured",
            hint="write a [cluster.NAME] into scylla-restore.toml, or pass --host and --auth-token",
        )
    if len(clusters) > 1:
        raise ConfigurationError(
            "several clusters are configured", hint=f"choose one with --cluster: {names}"
        )
    return next(iter(clusters.items()))


def _with_flags(settings: ClusterSettings, flags: ConnectionFlags) -> ClusterSettings:
    ways = (flags.tls_ca is not None, bool(flags.tls_fingerprint), bool(flags.insecure))
    if sum(ways) > 1:
        raise ConfigurationError(
            "--tls-ca, --tls-fingerprint and --insecure exclude each other", hint="give only one of them"
        )
    if any(ways):  # one of them stands for all three: the file's are no longer meant
        settings = msgspec.structs.replace(
            settings,
            tls_ca=flags.tls_ca,
            tls_fingerprint=flags.tls_fingerprint or (),
            insecure=bool(flags.insecure),
        )
    elif flags.insecure is False:
        settings = msgspec.structs.replace(settings, insecure=False)
    return msgspec.structs.replace(
        settings,
        hosts=flags.host or settings.hosts,
        port=flags.port or settings.port,
        auth_token=flags.auth_token or settings.auth_token,
    )
