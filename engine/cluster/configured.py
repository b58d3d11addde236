"""From the configuration to the way into a cluster."""

from collections.abc import Mapping

from scylla_restore.engine.cluster.access import AccessSettings
from scylla_restore.engine.cluster.endpoint import Timeouts
from scylla_restore.engine.cluster.tls import TlsSettings
from scylla_restore.engine.config.choice import ChosenCluster
from scylla_restore.engine.errors import ConfigurationError


def access_settings(cluster: ChosenCluster, environment: Mapping[str, str]) -> AccessSettings:
    """Return how the cluster's agents are reached; reads the token from where it is kept.

    Raises:
        ConfigurationError: the token cannot be had.
    """
    settings = cluster.settings
    if settings.auth_token is None:
        raise ConfigurationError(f"cluster {cluster.name} has no auth_token")
    return AccessSettings(
        contact_points=settings.hosts,
        token=settings.auth_token.resolve(environment, what=f"auth_token of cluster {cluster.name}"),
        port=settings.port,
        translate=settings.translate,
        tls=TlsSettings(
            ca_file=str(settings.tls_ca) if settings.tls_ca is not None else None,
            fingerprints=settings.fingerprints,
            insecure=settings.insecure,
        ),
        timeouts=Timeouts(request_s=settings.request_timeout_s, load_s=settings.load_timeout_s),
    )
