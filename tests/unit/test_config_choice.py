"""Which cluster is meant."""

from pathlib import Path

import msgspec
import pytest

from scylla_restore.engine.cluster.configured import access_settings
from scylla_restore.engine.config import ClusterSettings, Config, ConnectionFlags, choose_cluster
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import Secret, SecretReference

TOKEN = SecretReference("env:TOKEN")
PROD = ClusterSettings(
    hosts=("10.0.0.1",), port=1, auth_token=TOKEN, tls_ca=Path("/ca.pem"), load_timeout_s=60.0
)
TEST = ClusterSettings(hosts=("10.9.0.1",), auth_token=TOKEN)


def test_the_only_cluster_configured_needs_no_name() -> None:
    chosen = choose_cluster(Config(cluster={"prod": PROD}))
    assert (chosen.name, chosen.settings) == ("prod", PROD)


@pytest.mark.parametrize(
    ("clusters", "name", "words"),
    [
        ({}, None, "no cluster is configured"),
        ({"prod": PROD, "test": TEST}, None, "several clusters are configured"),
        ({"prod": PROD}, "test", "no cluster 'test' is configured"),
        ({"prod": ClusterSettings(auth_token=TOKEN)}, None, "cluster prod has no hosts"),
        ({"prod": ClusterSettings(hosts=("n",))}, None, "cluster prod has no auth_token"),
    ],
)
def test_a_cluster_that_cannot_be_told_is_an_error(
    clusters: dict[str, ClusterSettings], name: str | None, words: str
) -> None:
    with pytest.raises(ConfigurationError, match=words) as caught:
        choose_cluster(Config(cluster=clusters), name)
    assert caught.value.hint


def test_flags_win_over_the_file() -> None:
    flags = ConnectionFlags(host=("n1", "n2"), port=2, tls_fingerprint="aa,bb")
    chosen = choose_cluster(Config(cluster={"prod": PROD}), "prod", flags).settings
    assert (chosen.hosts, chosen.port, chosen.fingerprints) == (("n1", "n2"), 2, ("aa", "bb"))
    assert chosen.tls_ca is None
    assert chosen.auth_token == TOKEN


def test_a_host_given_without_a_name_gets_no_configured_token() -> None:
    with pytest.raises(ConfigurationError, match="cluster elsewhere has no auth_token"):
        choose_cluster(Config(cluster={"prod": PROD}), None, ConnectionFlags(host=("elsewhere",)))


def test_a_host_and_a_token_are_a_cluster() -> None:
    flags = ConnectionFlags(host=("n1",), auth_token=SecretReference("env:OTHER"), insecure=True)
    chosen = choose_cluster(Config(), None, flags)
    assert (chosen.name, chosen.settings.port, chosen.settings.insecure) == ("n1", 10001, True)


def test_checking_can_be_asked_for_again_where_the_file_does_without() -> None:
    careless = Config(cluster={"lab": msgspec.structs.replace(PROD, tls_ca=None, insecure=True)})
    assert choose_cluster(careless, "lab").settings.insecure
    assert not choose_cluster(careless, "lab", ConnectionFlags(insecure=False)).settings.insecure


def test_two_ways_to_check_certificates_exclude_each_other() -> None:
    flags = ConnectionFlags(insecure=True, tls_ca=Path("x"))
    with pytest.raises(ConfigurationError, match="exclude each other"):
        choose_cluster(Config(cluster={"prod": PROD}), "prod", flags)


def test_a_chosen_cluster_says_how_its_agents_are_reached() -> None:
    chosen = choose_cluster(Config(cluster={"prod": PROD}))
    settings = access_settings(chosen, {"TOKEN": "swordfish"})
    assert settings.token == Secret("swordfish")
    assert (settings.contact_points, settings.port) == (("10.0.0.1",), 1)
    assert (settings.tls.ca_file, settings.tls.fingerprints, settings.tls.insecure) == ("/ca.pem", (), False)
    assert (settings.timeouts.request_s, settings.timeouts.load_s) == (30.0, 60.0)
    assert "swordfish" not in repr(settings)


def test_a_token_that_is_not_there_is_told_with_its_cluster() -> None:
    with pytest.raises(ConfigurationError, match="auth_token of cluster prod refers to the environment"):
        access_settings(choose_cluster(Config(cluster={"prod": PROD})), {})
