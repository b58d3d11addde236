"""How an account of Azure Storage is reached, and by what right."""

import ipaddress
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import msgspec

from scylla_restore.engine.secrets import Secret

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential

_CONNECTIONS = 32
_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60
_SINGLE_GET_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 16 * 1024 * 1024
_DOMAIN = "blob.core.windows.net"

_EMULATOR_ACCOUNT = "devstoreaccount1"
_EMULATOR_ENDPOINT = f"http://127.0.0.1:10000/{_EMULATOR_ACCOUNT}"
# Not a secret: every emulator's documentation prints it.
_EMULATOR_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="


class AzureAccess(msgspec.Struct, frozen=True, kw_only=True):
    """What is configured; the names are those of the agent's YAML.

    ``endpoint`` is a whole URL, or the domain that the account's name stands before. Without key, SAS, service principal
    and managed identity, credentials are what the SDK finds. ``attempts`` bounds how often a request is made.
    """

    account: str = ""
    key: Secret | None = None
    sas_url: Secret | None = None
    endpoint: str = ""
    use_msi: bool = False
    msi_client_id: str = ""
    msi_object_id: str = ""
    msi_mi_res_id: str = ""
    service_principal_file: Path | None = None
    use_emulator: bool = False
    attempts: int = 5
    backoff_s: int = 1


class _Principal(msgspec.Struct, frozen=True, rename="camel"):
    """What ``az ad sp create-for-rbac`` prints."""

    app_id: str
    password: str
    tenant: str


class Closable(Protocol):
    """The SDK's client."""

    def close(self) -> None:
        """Close connections."""
        ...


def container_client(bucket: str, access: AzureAccess, hook: Callable[..., None]) -> Closable:
    """Return the SDK's client of a container. Nothing is asked of it yet; ``hook`` is given each answer.

    Raises:
        ValueError, OSError: the settings are not enough, or contradict themselves.
        AzureError: the SDK refuses them.
    """
    # The SDK is large, and not everybody's buckets are at Azure.
    from azure.core.pipeline.transport import (  # noqa: PLC0415 - as said above
        RequestsTransport,  # pylint: disable=no-name-in-module
    )
    from azure.storage.blob import ContainerClient, ExponentialRetry  # noqa: PLC0415 - as said above
    from requests import Session  # noqa: PLC0415 - as said above
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - as said above

    session = Session()
    adapter = HTTPAdapter(pool_connections=_CONNECTIONS, pool_maxsize=_CONNECTIONS)
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    transport = RequestsTransport(
        session=session, connection_timeout=_CONNECT_TIMEOUT_S, read_timeout=_READ_TIMEOUT_S
    )
    retries = access.attempts - 1
    retry_policy = ExponentialRetry(
        initial_backoff=access.backoff_s,
        increment_base=2,
        retry_total=retries,
        retry_connect=retries,
        retry_read=retries,
        retry_status=retries,
        random_jitter_range=access.backoff_s,
    )
    shared_access = access.sas_url.reveal() if access.sas_url else ""
    container = urlsplit(shared_access).path.strip("/").rpartition("/")[2]
    if container not in {"", bucket, _EMULATOR_ACCOUNT}:
        raise ValueError(f"sas_url is for container {container!r}, not for {bucket!r}")
    if container == bucket:
        return ContainerClient.from_container_url(
            shared_access,
            transport=transport,
            retry_policy=retry_policy,
            raw_response_hook=hook,
            max_single_get_size=_SINGLE_GET_BYTES,
            max_chunk_get_size=_CHUNK_BYTES,
        )
    return ContainerClient(
        shared_access or account_url(access),
        bucket,
        credential=None if shared_access else _credential(access),
        transport=transport,
        retry_policy=retry_policy,
        raw_response_hook=hook,
        max_single_get_size=_SINGLE_GET_BYTES,
        max_chunk_get_size=_CHUNK_BYTES,
    )


def account_url(access: AzureAccess) -> str:
    """Return the URL of an account.

    Raises:
        ValueError: nothing says which account it is.
    """
    if access.use_emulator:
        return access.endpoint or _EMULATOR_ENDPOINT
    if not access.account:
        raise ValueError("no account is given")
    if "://" not in access.endpoint:
        return f"https://{access.account}.{access.endpoint or _DOMAIN}"
    parts = urlsplit(access.endpoint)
    # Where the host cannot bear the account's name, the path does.
    if not parts.path.strip("/") and _is_bare_host(parts.hostname or ""):
        return f"{access.endpoint.rstrip('/')}/{access.account}"
    return access.endpoint


def _is_bare_host(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True


def _credential(access: AzureAccess) -> "dict[str, str] | TokenCredential":
    if access.use_emulator:
        return {"account_name": _EMULATOR_ACCOUNT, "account_key": _EMULATOR_KEY}
    if access.key is not None:
        return {"account_name": access.account, "account_key": access.key.reveal()}
    return _identity(access)


def _identity(access: AzureAccess) -> "TokenCredential":
    from azure import identity  # noqa: PLC0415 - as above

    if access.service_principal_file is not None:
        principal = msgspec.json.decode(access.service_principal_file.read_bytes(), type=_Principal)
        return identity.ClientSecretCredential(principal.tenant, principal.app_id, principal.password)
    named = {"object_id": access.msi_object_id, "resource_id": access.msi_mi_res_id}
    chosen = {name: value for name, value in named.items() if value}
    if access.msi_client_id:
        return identity.ManagedIdentityCredential(client_id=access.msi_client_id)
    if chosen or access.use_msi:
        return identity.ManagedIdentityCredential(identity_config=chosen or None)
    return identity.DefaultAzureCredential()
