"""The configuration file: what it may say, and what is said where it is wrong."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from scylla_restore.engine.config import (
    AzureSettings,
    Config,
    ConfigFile,
    LocalStorageSettings,
    S3Settings,
    find_config,
    load_config,
)
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import SecretReference

Written = Callable[[str], ConfigFile]

WHOLE = """\
[log]
url = "cql://user@host1,host2:9042/scylla_restore?dc=dc1"
password = "file:log.password"

[cluster.prod]
id = "0d5a8a3c-0000-4000-8000-000000000001"
hosts = ["192.168.100.11"]
port = 10002
auth_token = "env:SCYLLA_AGENT_TOKEN"
tls_ca = "agents.pem"
[cluster.prod.translate]
"10.0.0.5" = "localhost:11001"
[cluster.prod.cql]
hosts = []
user = "restore"
password = "env:CQL_PASSWORD"
port = 9042
tls_ca = ""
[cluster.prod.alternator]
access_key_id = "role"
secret_access_key = "env:ALTERNATOR"

[s3]
endpoint = "https://minio.example:9000"
region = "us-east-1"
access_key_id = "key"
secret_access_key = "env:S3_SECRET"
[gcs]
service_account_file = "/etc/gcs.json"
[azure]
account = "account"
key = "env:AZURE_KEY"
[localstorage]
path = "backups"
[location."s3:eu-backups"]
region = "eu-central-1"

[flags]
parallel = 4
batch_size = 2
allow-compaction = true
keyspace = ["ks", "!ks.t"]
"""


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write_and_load(text: str) -> ConfigFile:
        path = tmp_path / "scylla-restore.toml"
        path.write_text(text)
        path.chmod(0o600)
        return load_config(path)

    return write_and_load


def test_everything_that_can_be_configured_is_read(written: Written, tmp_path: Path) -> None:
    file = written(WHOLE)
    prod = file.config.cluster["prod"]
    assert prod.id == UUID("0d5a8a3c-0000-4000-8000-000000000001")
    assert (prod.hosts, prod.port, prod.tls_ca) == (("192.168.100.11",), 10002, tmp_path / "agents.pem")
    assert prod.translate == {"10.0.0.5": "localhost:11001"}
    assert (prod.cql.user, prod.cql.tls_ca) == ("restore", None)
    assert file.config.gcs.service_account_file == Path("/etc/gcs.json")
    assert file.config.localstorage == LocalStorageSettings(path=tmp_path / "backups")
    assert file.config.flags == {
        "parallel": 4,
        "batch-size": 2,
        "allow-compaction": True,
        "keyspace": ("ks", "!ks.t"),
    }
    assert file.warnings == ()


def test_an_empty_file_leaves_everything_at_its_defaults(written: Written) -> None:
    assert written("# nothing yet\n").config == Config()


@pytest.mark.parametrize(
    ("text", "line", "words", "hint"),
    [
        ("[cluster.prod]\nhost = []\n", 2, "unknown key 'host' in [cluster.prod]", "did you mean 'hosts'?"),
        ("\n\n[clusters.prod]\nhosts = []\n", 3, "unknown key 'clusters'", "did you mean 'cluster'?"),
        ("s3.endpont = 'x'\n", 1, "unknown key 'endpont' in [s3]", "did you mean 'endpoint'?"),
        ("[s3]\nqqq = 1\n", 2, "unknown key 'qqq' in [s3]", "known are: access_key_id, "),
        ("[cluster.prod]\nport = '1'\n", 2, "cluster.prod.port: expected `int`, got `str`", None),
        ("[cluster.prod]\nport = 0\n", 2, "cluster.prod.port: expected `int` >= 1", None),
        ("[cluster.prod]\nload_timeout_s = 0\n", 2, "cluster.prod.load_timeout_s: expected", None),
        ("[cluster.prod]\nid = 'x'\n", 2, "cluster.prod.id: invalid UUID", None),
        ("[cluster.prod]\nauth_token = 5\n", 2, "cluster.prod.auth_token: expected `str`, got `int`", None),
        ("[cluster]\nprod = 5\n", 2, "cluster.prod: expected a table, got `int`", None),
        ("[cluster.'a b'.cql]\nport = true\n", 2, 'cluster."a b".cql.port: expected `int`', None),
        ("[location.'ftp:x']\n", 1, "not a location", None),
        ("[location.'s3:x']\nport = 1\n", 2, "unknown key 'port' in [location.\"s3:x\"]", "known are"),
        ("[flags]\nparallel = {a = 1}\n", 2, "flags.parallel: expected a text", None),
        (
            "[cluster.p]\ninsecure = true\ntls_ca = 'x'\n",
            2,
            "tls_ca and insecure exclude each other",
            None,
        ),
        (
            "[cluster.p.cql]\ntls_fingerprint = 'ab'\ninsecure = true\n",
            3,
            "cluster.p.cql.insecure: tls_fingerprint and insecure exclude each other",
            None,
        ),
        (
            "[cluster.p.alternator]\ntls_ca = 'x'\ninsecure = true\n",
            3,
            "cluster.p.alternator.insecure: tls_ca and insecure exclude each other",
            None,
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(
    written: Written, text: str, line: int, words: str, hint: str | None
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        written(text)
    assert f"scylla-restore.toml:{line}: " in caught.value.message
    assert words in caught.value.message
    assert (hint or "") in (caught.value.hint or "")


def test_what_is_not_toml_is_told_with_its_line(written: Written) -> None:
    with pytest.raises(ConfigurationError, match=r"not TOML: .*line 2"):
        written("[s3]\nregion =\n")


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        load_config(tmp_path / "none.toml")


def test_a_location_overrides_what_its_provider_says(written: Written) -> None:
    config = written(WHOLE).config
    assert config.storage("s3:other") == config.s3
    eu = config.storage("s3:eu-backups")
    assert isinstance(eu, S3Settings)
    assert (eu.region, eu.endpoint) == ("eu-central-1", "https://minio.example:9000")
    assert eu.secret_access_key is not None
    assert isinstance(config.storage("azure:x"), AzureSettings)


def test_a_location_with_credentials_of_its_own_inherits_none(written: Written) -> None:
    text = "[s3]\naccess_key_id = 'a'\nsecret_access_key = 'env:A'\n[location.'s3:b']\nprofile = 'other'\n"
    own = written(text).config.storage("s3:b")
    assert isinstance(own, S3Settings)
    assert (own.profile, own.access_key_id, own.secret_access_key) == ("other", None, None)


def test_there_is_no_storage_without_a_known_provider() -> None:
    with pytest.raises(ConfigurationError, match="no such provider: 'ftp'"):
        Config().storage("ftp:bucket")


def test_a_secret_in_the_file_earns_a_warning(written: Written) -> None:
    file = written("[cluster.prod]\nauth_token = 'swordfish'\n[s3]\naccess_key_id = 'not so secret'\n")
    (warning,) = file.warnings
    assert "scylla-restore.toml:2: cluster.prod.auth_token is the secret itself" in warning
    assert "swordfish" not in f"{file!r} {file.config!s} {warning}"


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o620])
def test_a_file_with_secrets_that_others_can_read_earns_another(written: Written, mode: int) -> None:
    path = written("[azure]\nkey = 'swordfish'\n").path
    assert path is not None
    path.chmod(mode)
    assert f"mode {mode:04o}" in load_config(path).warnings[1]


def test_a_flag_that_does_not_exist_is_told_with_its_line(written: Written) -> None:
    file = written("[flags]\nbatch_sise = 1\n")
    with pytest.raises(ConfigurationError, match=r"toml:2: unknown key 'batch_sise'") as caught:
        file.check_flags({"batch-size", "parallel"})
    assert caught.value.hint == "did you mean 'batch-size'?"
    written("[flags]\nbatch_size = 1\n").check_flags({"batch-size"})


def test_the_file_beside_the_caller_comes_before_the_users(tmp_path: Path) -> None:
    here, home = tmp_path / "here", tmp_path / "home"
    users = home / ".config" / "scylla-restore" / "scylla-restore.toml"
    users.parent.mkdir(parents=True)
    here.mkdir()
    environment = {"HOME": str(home)}
    assert find_config(directory=here, environment=environment) is None
    users.touch()
    assert find_config(directory=here, environment=environment) == users
    assert find_config(directory=here, environment={**environment, "XDG_CONFIG_HOME": str(here)}) is None
    own = here / "scylla-restore.toml"
    own.touch()
    assert find_config(directory=here, environment=environment) == own


@pytest.mark.parametrize("given", ['"aa, bb"', '["aa", "bb"]'])
def test_fingerprints_may_be_several(written: Written, given: str) -> None:
    config = written(f"[cluster.prod]\ntls_fingerprint = {given}\n").config
    assert config.cluster["prod"].fingerprints == ("aa", "bb")


def test_relative_secrets_start_from_the_file(written: Written, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("swordfish\n")
    token = written("[cluster.prod]\nauth_token = 'file:token'\n").config.cluster["prod"].auth_token
    assert token == SecretReference("file:token", tmp_path)
    assert token.resolve({}, what="auth_token").reveal() == "swordfish"
