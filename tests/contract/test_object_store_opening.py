"""From settings to stores."""

from pathlib import Path

import pytest

from scylla_restore.engine.config import AzureSettings, GcsSettings, LocalStorageSettings, S3Settings
from scylla_restore.engine.core.location import parse_location
from scylla_restore.engine.errors import ConfigurationError, StorageDenied
from scylla_restore.engine.secrets import SecretReference
from scylla_restore.engine.storage.azure import AzureStore
from scylla_restore.engine.storage.gcs import GcsStore
from scylla_restore.engine.storage.localstorage import LocalStorage
from scylla_restore.engine.storage.opening import open_store
from scylla_restore.engine.storage.port import StoredObject
from scylla_restore.engine.storage.s3 import S3Store


def test_a_directory_is_opened_below_its_path(tmp_path: Path) -> None:
    (tmp_path / "bucket" / "a").mkdir(parents=True)
    (tmp_path / "bucket" / "a" / "1").write_bytes(b"1")
    store = open_store(
        parse_location("dc1:localstorage:bucket"), LocalStorageSettings(path=tmp_path), environment={}
    )
    assert isinstance(store, LocalStorage)
    assert list(store.list("a/")) == [StoredObject("a/1", 1)]


def test_a_directory_without_a_path_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="nothing says where"):
        open_store(parse_location("localstorage:b"), LocalStorageSettings(), environment={})


def test_secrets_are_resolved_in_the_given_environment(tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text("[other]\naws_access_key_id = a\naws_secret_access_key = b\n")
    settings = S3Settings(
        endpoint="http://127.0.0.1:1",
        region="eu-west-1",
        access_key_id=SecretReference("env:KEY"),
        secret_access_key=SecretReference("env:SECRET"),
        session_token=SecretReference("token"),
        shared_credentials_file=tmp_path / "credentials",
        profile="other",
        force_path_style=False,
    )
    store = open_store(parse_location("s3:b"), settings, environment={"KEY": "k", "SECRET": "s"})
    assert isinstance(store, S3Store)
    store.close()
    with pytest.raises(ConfigurationError, match=r"access_key_id of s3:b refers to .* KEY, which is not set"):
        open_store(parse_location("s3:b"), settings, environment={})


def test_buckets_of_google_are_opened_with_a_service_account_or_without(tmp_path: Path) -> None:
    store = open_store(parse_location("gcs:b"), GcsSettings(endpoint="http://127.0.0.1:1"), environment={})
    assert isinstance(store, GcsStore)
    store.close()
    with pytest.raises(ConfigurationError, match=r"service_account_credentials of gcs:b refers to .* KEY"):
        open_store(
            parse_location("gcs:b"),
            GcsSettings(service_account_credentials=SecretReference("env:KEY")),
            environment={},
        )
    with pytest.raises(StorageDenied, match=r"absent\.json"):
        open_store(
            parse_location("gcs:b"),
            GcsSettings(service_account_file=tmp_path / "absent.json"),
            environment={},
        )


def test_containers_of_azure_are_opened_with_a_key() -> None:
    settings = AzureSettings(account="acc", key=SecretReference("env:KEY"))
    store = open_store(parse_location("azure:b"), settings, environment={"KEY": "c2VjcmV0"})
    assert isinstance(store, AzureStore)
    store.close()
    with pytest.raises(ConfigurationError, match="key of azure:b refers to"):
        open_store(parse_location("azure:b"), settings, environment={})
