"""What may follow ``cql://``."""

import pytest

from scylla_restore.events.errors import WrongAddress
from scylla_restore.events.log.cql import CqlAddress, parse_address
from scylla_restore.events.log.cql.address import Consistency


def test_a_host_and_a_keyspace_are_enough() -> None:
    address = parse_address("10.0.0.1/scylla_restore")
    assert address == CqlAddress(hosts=("10.0.0.1",), port=9042, keyspace="scylla_restore")


@pytest.mark.parametrize("hosts", ["a:9043,b", "a,b:9043", "a:9043,b:9043"])
def test_all_hosts_have_one_port(hosts: str) -> None:
    address = parse_address(f"{hosts}/ks")
    assert (address.hosts, address.port) == (("a", "b"), 9043)


def test_a_question_mark_alone_says_nothing() -> None:
    assert parse_address("a/ks?") == parse_address("a/ks")


def test_everything_can_be_said() -> None:
    text = "ann%40corp@[::1]:9142,db.example.org/Log_1?dc=eu-west&consistency=local_quorum&tls=/etc/ca.pem&tls_names=off"
    text += "&tables=scylla_manager"
    assert parse_address(text) == CqlAddress(
        hosts=("::1", "db.example.org"),
        port=9142,
        keyspace="Log_1",
        user="ann@corp",
        dc="eu-west",
        consistency=Consistency.LOCAL_QUORUM,
        tls="/etc/ca.pem",
        tls_names=False,
        tables="scylla_manager",
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "names no keyspace"),
        ("host", "names no keyspace"),
        ("host/", "names no keyspace"),
        ('host/ks"; DROP KEYSPACE ks', "names no keyspace"),
        (f"host/{'k' * 49}", "names no keyspace"),
        ("/ks", "no possible host"),
        ("a,,b/ks", "no possible host"),
        ("a b/ks", "no possible host"),
        ("a:x/ks", "no possible host"),
        ("a:1,b:2/ks", "several ports"),
        ("a:0/ks", "impossible one"),
        ("a:70000/ks", "impossible one"),
        ("a/ks?dc=", "impossible dc"),
        ("a/ks?dc", "cannot be read"),
        ("a/ks?rack=r1", "unknown option: rack"),
        ("a/ks?consistency=one", "impossible consistency: 'one'"),
        ("a/ks?tls_names=maybe", "impossible tls_names"),
        ('a/ks?tables=ks"; DROP KEYSPACE ks', "impossible keyspace for tables"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, problem: str) -> None:
    with pytest.raises(WrongAddress, match=problem) as caught:
        parse_address(text)
    assert caught.value.exit_code == 2


def test_a_password_in_the_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(WrongAddress, match="carries a password") as caught:
        parse_address("ann:hunter2@host/ks")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_an_address_shows_itself_without_its_user() -> None:
    assert str(parse_address("ann@a,b:9043/ks?dc=x")) == "a,b:9043/ks"
