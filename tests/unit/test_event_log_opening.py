"""From an address to a log."""

from pathlib import Path

import pytest

from scylla_restore.events.errors import UnusableLog, WrongAddress
from scylla_restore.events.log.opening import open_log
from scylla_restore.events.log.sqlite import SQLiteLog


def test_an_absolute_path_has_four_slashes(tmp_path: Path) -> None:
    log = open_log(f"sqlite:///{tmp_path}/a%20b?c.db")
    log.close()
    assert isinstance(log, SQLiteLog)
    assert [found.name for found in tmp_path.iterdir()] == ["a%20b?c.db"]


def test_a_relative_path_has_three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    open_log("sqlite:///logs/log.db").close()
    assert (tmp_path / "logs" / "log.db").is_file()


def test_a_tilde_is_the_users_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    open_log("sqlite:///~/log.db").close()
    assert (tmp_path / "log.db").is_file()


def test_a_user_of_a_server_has_a_password() -> None:
    with pytest.raises(WrongAddress, match="there is no password for ann") as caught:
        open_log("cql://ann@127.0.0.1/keyspace")
    assert "[log] password" in (caught.value.hint or "")


def test_a_log_is_only_made_where_it_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(UnusableLog, match="there is no log"):
        open_log(f"sqlite:///{tmp_path}/log.db", create=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("url", ["", "log.db", "sqlite:log.db", "mysql://root:secret@host/db"])
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(WrongAddress, match="begins with one of") as caught:
        open_log(url)
    assert caught.value.exit_code == 2
    assert "secret" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite://log.db"])
def test_a_file_has_to_be_named(url: str) -> None:
    with pytest.raises(WrongAddress, match="names no file"):
        open_log(url)
