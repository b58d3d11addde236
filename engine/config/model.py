"""What can be configured. Field names are the keys of the file; an empty text is the same as no key."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import msgspec

from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import SecretReference

DEFAULT_AGENT_PORT = 10001
DEFAULT_CQL_PORT = 9042

Port = Annotated[int, msgspec.Meta(ge=1, le=65535)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]
FlagValue = bool | int | float | str | tuple[str, ...]


def _one_by_one(given: str | tuple[str, ...]) -> tuple[str, ...]:
    texts = given.split(",") if isinstance(given, str) else given
    return tuple(text.strip() for text in texts if text.strip())


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[log]``: where the event log is; the password is for the user in the URL."""

    url: str | None = None
    password: SecretReference | None = None


class CqlSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[cluster.NAME.cql]``: how schema work is done; without hosts the nodes tell where, and whether with TLS.

    Hosts are asked with TLS where ``tls_ca`` or ``tls_fingerprint`` is given, or where nodes say that they encrypt. At most one
    of these two and ``insecure`` is given. With ``tls_names`` off, certificates need not name the hosts. ``tls_cert`` and
    ``tls_key`` are a client's own, for nodes that want one.
    """

    hosts: tuple[str, ...] = ()
    user: str | None = None
    password: SecretReference | None = None
    port: Port = DEFAULT_CQL_PORT
    tls_ca: Path | None = None
    tls_fingerprint: str | tuple[str, ...] = ()
    insecure: bool = False
    tls_names: bool = True
    tls_cert: Path | None = None
    tls_key: Path | None = None

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The configured fingerprints, one by one."""
        return _one_by_one(self.tls_fingerprint)


class AlternatorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[cluster.NAME.alternator]``: a role's name and its salted hash, and whose certificates are believed.

    ``endpoint`` is a URL, for where nodes are not reached at the addresses and ports that they tell. At most one of ``tls_ca``
    and ``insecure`` is given; without either the system's authorities decide.
    """

    endpoint: str | None = None
    access_key_id: SecretReference | None = None
    secret_access_key: SecretReference | None = None
    tls_ca: Path | None = None
    insecure: bool = False


class ClusterSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[cluster.NAME]``: how a cluster is reached.

    At most one of ``tls_ca``, ``tls_fingerprint`` and ``insecure`` is given; without any, the system's authorities
    decide. Agents with certificates of their own have one fingerprint each: a list, or one text with commas.
    """

    id: UUID | None = None
    hosts: tuple[str, ...] = ()
    port: Port = DEFAULT_AGENT_PORT
    auth_token: SecretReference | None = None
    tls_ca: Path | None = None
    tls_fingerprint: str | tuple[str, ...] = ()
    insecure: bool = False
    request_timeout_s: Seconds = 30.0
    load_timeout_s: Seconds = 600.0
    translate: dict[str, str] = {}
    cql: CqlSettings = CqlSettings()
    alternator: AlternatorSettings = AlternatorSettings()

    @property
    def fingerprints(self) -> tuple[str, ...]:
        """The configured fingerprints, one by one."""
        return _one_by_one(self.tls_fingerprint)


class S3Settings(msgspec.Struct, frozen=True, kw_only=True):
    """``[s3]``: names as in the agent's YAML; what is absent is left to the SDK's own default chain."""

    endpoint: str | None = None
    region: str | None = None
    access_key_id: SecretReference | None = None
    secret_access_key: SecretReference | None = None
    session_token: SecretReference | None = None
    profile: str | None = None
    shared_credentials_file: Path | None = None
    force_path_style: bool | None = None


class GcsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[gcs]``: names as in the agent's YAML; without a service account it is what the SDK finds.

    ``anonymous`` sends no credentials; it need not be set for an ``endpoint`` without TLS, an emulator.
    """

    service_account_file: Path | None = None
    service_account_credentials: SecretReference | None = None
    anonymous: bool | None = None
    endpoint: str | None = None


class AzureSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[azure]``: names as in the agent's YAML; an account without key and identity uses what the SDK finds.

    ``endpoint`` is a whole URL, or the domain that the account's name stands before.
    """

    account: str | None = None
    key: SecretReference | None = None
    sas_url: SecretReference | None = None
    use_msi: bool = False
    msi_client_id: str | None = None
    msi_object_id: str | None = None
    msi_mi_res_id: str | None = None
    service_principal_file: Path | None = None
    use_emulator: bool = False
    endpoint: str | None = None


class LocalStorageSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[localstorage]``: ``localstorage:bucket`` is the directory ``bucket`` in ``path``, here and on the nodes."""

    path: Path | None = None


StorageSettings = S3Settings | GcsSettings | AzureSettings | LocalStorageSettings


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """The whole file. ``location`` has a provider's settings as they are for one ``<provider>:<bucket>``.

    ``flags`` are values for flags of the command line, by their names without the dashes in front.
    """

    log: LogSettings = LogSettings()
    cluster: dict[str, ClusterSettings] = {}
    s3: S3Settings = S3Settings()
    gcs: GcsSettings = GcsSettings()
    azure: AzureSettings = AzureSettings()
    localstorage: LocalStorageSettings = LocalStorageSettings()
    location: dict[str, StorageSettings] = {}
    flags: dict[str, FlagValue] = {}

    def storage(self, location: str) -> StorageSettings:
        """Return the settings for ``<provider>:<bucket>``.

        Raises:
            ConfigurationError: there is no such provider.
        """
        own = self.location.get(location)
        if own is not None:
            return own
        match location.partition(":")[0]:
            case "s3":
                return self.s3
            case "gcs":
                return self.gcs
            case "azure":
                return self.azure
            case "localstorage":
                return self.localstorage
            case provider:
                raise ConfigurationError(f"no such provider: {provider!r} in {location!r}")
