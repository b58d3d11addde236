"""From a location and its settings to its store."""

from collections.abc import Mapping
from typing import assert_never

from scylla_restore.engine.config import (
    AzureSettings,
    GcsSettings,
    LocalStorageSettings,
    S3Settings,
    StorageSettings,
)
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import Secret, SecretReference
from scylla_restore.engine.storage.azure import AzureStore
from scylla_restore.engine.storage.azure_access import AzureAccess
from scylla_restore.engine.storage.gcs import GcsStore
from scylla_restore.engine.storage.localstorage import LocalStorage
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.engine.storage.s3 import S3Store
from scylla_restore.events.model.target import BackupLocation


def open_store(
    location: BackupLocation, settings: StorageSettings, environment: Mapping[str, str]
) -> ObjectStore:
    """Return the store of a location; nothing is asked of it yet.

    Raises:
        ConfigurationError: the settings lack something, or a secret cannot be resolved.
        StorageError: the store's SDK refuses the settings.
    """
    secrets = _Secrets(location, environment)
    match settings:
        case LocalStorageSettings():
            if settings.path is None:
                raise ConfigurationError(
                    f"location {location} is a directory, but nothing says where",
                    hint="set `path` in [localstorage] to where the shared file system is mounted",
                )
            return LocalStorage(settings.path, location.bucket)
        case S3Settings():
            return _s3(location, settings, secrets)
        case GcsSettings():
            return GcsStore(
                location.bucket,
                service_account_file=settings.service_account_file,
                service_account_credentials=secrets.get(
                    "service_account_credentials", settings.service_account_credentials
                ),
                anonymous=settings.anonymous,
                endpoint=settings.endpoint,
            )
        case AzureSettings():
            return _azure(location, settings, secrets)
        case _:
            assert_never(settings)


class _Secrets:
    """Resolves what the settings of a location refer to."""

    def __init__(self, location: BackupLocation, environment: Mapping[str, str]) -> None:
        self._location = location
        self._environment = environment

    def get(self, name: str, reference: SecretReference | None) -> Secret | None:
        """Return a secret, if the settings have it.

        Raises:
            ConfigurationError: they do, but it cannot be resolved.
        """
        if reference is None:
            return None
        return reference.resolve(self._environment, what=f"{name} of {self._location.key}")


def _s3(location: BackupLocation, settings: S3Settings, secrets: _Secrets) -> S3Store:
    return S3Store(
        location.bucket,
        endpoint=settings.endpoint,
        region=settings.region,
        access_key_id=secrets.get("access_key_id", settings.access_key_id),
        secret_access_key=secrets.get("secret_access_key", settings.secret_access_key),
        session_token=secrets.get("session_token", settings.session_token),
        profile=settings.profile,
        shared_credentials_file=settings.shared_credentials_file,
        force_path_style=settings.force_path_style,
    )


def _azure(location: BackupLocation, settings: AzureSettings, secrets: _Secrets) -> AzureStore:
    return AzureStore(
        location.bucket,
        AzureAccess(
            account=settings.account or "",
            key=secrets.get("key", settings.key),
            sas_url=secrets.get("sas_url", settings.sas_url),
            endpoint=settings.endpoint or "",
            use_msi=settings.use_msi,
            msi_client_id=settings.msi_client_id or "",
            msi_object_id=settings.msi_object_id or "",
            msi_mi_res_id=settings.msi_mi_res_id or "",
            service_principal_file=settings.service_principal_file,
            use_emulator=settings.use_emulator,
        ),
    )
