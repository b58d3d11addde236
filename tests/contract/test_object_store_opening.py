"""From settings to stores."""

from pathlib import Path

import pytest

from scylla_restore.engine.config import AzureSettings, LocalStorageSettings, S3Settings
from scylla_restore.engine.core.location import parse_location
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import SecretReference
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


def test_a_provider_that_cannot_be_read_yet_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="buckets of azure cannot be read directly yet"):
        open_store(parse_location("azure:b"), AzureSettings(), environment={})
