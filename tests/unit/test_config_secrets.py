"""Secrets stay out of sight, and say plainly when they cannot be had."""

import pickle
from pathlib import Path

import pytest

from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import Secret, SecretReference


def test_a_secret_shows_itself_to_nobody_who_does_not_ask() -> None:
    secret = Secret("swordfish")
    assert "swordfish" not in f"{secret} {secret!r} {[secret]} {SecretReference('swordfish')!r}"
    assert secret.reveal() == "swordfish"
    assert secret == Secret("swordfish") != Secret("other")
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(secret)


def test_a_secret_comes_from_the_environment_that_was_passed() -> None:
    reference = SecretReference("env:TOKEN")
    assert reference.resolve({"TOKEN": "swordfish"}, what="t").reveal() == "swordfish"
    with pytest.raises(
        ConfigurationError, match="t refers to the environment variable TOKEN, which is not set"
    ):
        reference.resolve({}, what="t")


def test_a_secret_may_be_the_text_itself() -> None:
    assert SecretReference("swordfish").is_literal
    assert SecretReference("swordfish").resolve({}, what="t").reveal() == "swordfish"


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "cannot be read"), (b"", "is empty"), (b"\xff", "not text"), (b"x" * 70_000, "too large")],
)
def test_a_file_without_a_secret_is_an_error(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=words):
        SecretReference(f"file:{path}").resolve({}, what="auth_token")
