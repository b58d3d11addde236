"""Whether an agent's and Scylla's configuration mean the same store."""

import pytest

from scylla_restore.engine.core.object_storage import AgentStore, ScyllaStore, native_endpoints

S3 = "s3:backups"
GCS = "gcs:backups"


def found(location: str, agent: AgentStore | None, *scylla: ScyllaStore) -> str:
    """Return Scylla's name of the store, or why there is none."""
    provider = location.partition(":")[0]
    endpoints, refusals = native_endpoints([location], {provider: agent} if agent else {}, scylla)
    assert (location in endpoints) != (location in refusals)
    return (endpoints | refusals)[location]


@pytest.mark.parametrize(
    ("agent", "scylla"),
    [
        (
            AgentStore(endpoint="https://s3.example:9000"),
            ScyllaStore(name="https://s3.example:9000", type="s3"),
        ),
        (AgentStore(endpoint="https://s3.example"), ScyllaStore(name="https://S3.example:443/", type="s3")),
        (AgentStore(endpoint="s3.example"), ScyllaStore(name="https://s3.example", type="s3")),
        (AgentStore(endpoint="http://s3.example"), ScyllaStore(name="http://s3.example:80", type="s3")),
        (
            AgentStore(endpoint="https://s3.example:9000"),
            ScyllaStore(name="s3.example", port=9000, use_https=True),
        ),
        (AgentStore(endpoint="http://[::1]:9000"), ScyllaStore(name="http://[::1]:9000", type="s3")),
        (
            AgentStore(region="eu-west-1"),
            ScyllaStore(name="s3.eu-west-1.amazonaws.com", port=443, use_https=True),
        ),
    ],
)
def test_one_store_is_recognised_however_it_is_written(agent: AgentStore, scylla: ScyllaStore) -> None:
    other = ScyllaStore(name="https://other.example", type="s3")
    assert found(S3, agent, other, scylla) == scylla.name


@pytest.mark.parametrize("name", ["default", "", "https://storage.googleapis.com"])
def test_googles_own_store_is_the_default_of_both(name: str) -> None:
    assert found(GCS, AgentStore(), ScyllaStore(name=name, type="gs")) == name


@pytest.mark.parametrize(
    ("location", "agent", "scylla", "words"),
    [
        ("azure:b", AgentStore(), (), "from s3 and gcs only, not from azure"),
        ("localstorage:b", None, (ScyllaStore(name="h", type="s3"),), "not from localstorage"),
        (S3, AgentStore(region="r"), (), "has no object_storage_endpoints configured"),
        (S3, None, (ScyllaStore(name="h", type="s3"),), "neither endpoint nor region for s3"),
        (S3, AgentStore(), (ScyllaStore(name="h", type="s3"),), "neither endpoint nor region for s3"),
        (
            S3,
            AgentStore(endpoint="https://a.example"),
            (ScyllaStore(name="http://a.example", type="s3"), ScyllaStore(name="b.example", port=1)),
            "its agent is configured for https://a.example, its Scylla for http://a.example, http://b.example:1",
        ),
        (
            S3,
            AgentStore(endpoint="https://a.example"),
            (ScyllaStore(name="https://a.example", type="gs"),),
            "its Scylla for no endpoint for s3",
        ),
        (S3, AgentStore(endpoint="not an address"), (ScyllaStore(name="b", type="s3"),), "neither endpoint"),
    ],
)
def test_what_does_not_fit_is_said(
    location: str, agent: AgentStore | None, scylla: tuple[ScyllaStore, ...], words: str
) -> None:
    assert words in found(location, agent, *scylla)
