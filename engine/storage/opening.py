"""From a location and its settings to its store."""

from collections.abc import Mapping

from scylla_restore.engine.config import LocalStorageSettings, S3Settings, StorageSettings
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import Secret, SecretReference
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
    match settings:
        case LocalStorageSettings():
            if settings.path is None:
                raise ConfigurationError(
                    f"location {location} is a directory, but nothing says where",
                    hint="set `path` in [localstorage] to where the shared file system is mounted",
                )
            return LocalStorage(settings.path, location.bucket)
        case S3Settings():
            return _s3(location, settings, environment)
        case _:
            raise ConfigurationError(
                f"location {location}: buckets of {location.provider} cannot be read directly yet",
                hint="the locations that can be are those of s3 and localstorage",
            )


def _s3(location: BackupLocation, settings: S3Settings, environment: Mapping[str, str]) -> S3Store:
    def secret(name: str, reference: SecretReference | None) -> Secret | None:
        return reference.resolve(environment, what=f"{name} of {location.key}") if reference else None

    return S3Store(
        location.bucket,
        endpoint=settings.endpoint,
        region=settings.region,
        access_key_id=secret("access_key_id", settings.access_key_id),
        secret_access_key=secret("secret_access_key", settings.secret_access_key),
        session_token=secret("session_token", settings.session_token),
        profile=settings.profile,
        shared_credentials_file=settings.shared_credentials_file,
        force_path_style=settings.force_path_style,
    )
