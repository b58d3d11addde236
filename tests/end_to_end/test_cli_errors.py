"""Every error that a person can make or meet before a restore: told in a paragraph, with code 2, and nothing touched."""

import gzip
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
import pytest
from tests.support.console import LOCATION, LabProcess, lab_process
from tests.support.ports import reserved_ports
from tests.support.program import Answer, Desk
from tests.support.reads import reads_only

from scylla_restore.engine.api import newest_unfinished
from scylla_restore.engine.lab.request_log import read_requests

OTHER_ID = "6f1d2c3b-0000-4000-8000-000000000001"
EARLY_TAG = "sm_20010203040506UTC"


@dataclass(frozen=True)
class Lab:
    """A lab of two nodes with one backup, and spoilt copies of it."""

    process: LabProcess

    @property
    def buckets(self) -> Path:
        return self.process.files.buckets

    def spoil(self, bucket: str, spoil: Callable[[bytes], bytes]) -> None:
        """Copy the backup into another bucket, with one of its manifests spoilt."""
        shutil.copytree(self.buckets / "backups", self.buckets / bucket)
        manifests = (self.buckets / bucket).rglob("*manifest.json.gz")
        manifest = max(manifests, key=lambda path: path.stat().st_size)
        manifest.write_bytes(spoil(manifest.read_bytes()))

    def configured(self, name: str, *replaced: tuple[str, str]) -> None:
        """Write a configuration file like the lab's, with lines replaced."""
        text = self.process.files.config.read_text()
        for pattern, line in replaced:
            text = re.sub(pattern, line, text, flags=re.MULTILINE)
        path = self.process.directory / name
        path.write_text(text)
        path.chmod(0o600)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab_process(tmp_path_factory.mktemp("errors"), "--nodes", "2") as process:
        lab = Lab(process)
        process.back_up(sstables=1)
        lab.spoil("truncated", lambda content: content[: len(content) // 2])
        lab.spoil("corrupt", lambda content: content[:40] + bytes(20) + content[60:])
        lab.spoil("shapeless", lambda _content: gzip.compress(b'{"version": [1]}'))
        lab.spoil("unknown", _name_an_unknown_table)
        (lab.buckets / "empty").mkdir()
        shutil.copytree(lab.buckets / "backups", process.directory / "mount" / "unseen")
        (process.directory / "wrong").write_text("not-the-token\n")
        lab.configured("mounted.toml", ("^path = .*", f'path = "{process.directory}/mount"'))
        lab.configured("untrusting.toml", ("^tls_ca = .*\n", ""))
        lab.configured("typo.toml", ("^auth_token", "auth_tokn"))
        lab.configured("broken.toml", (r"^\[cluster.*", "[cluster"))
        lab.configured("tls-twice.toml", ("^tls_ca.*", r"\g<0>\ninsecure = true"))
        yield lab


def _name_an_unknown_table(content: bytes) -> bytes:
    manifest = msgspec.json.decode(gzip.decompress(content))
    manifest["index"][0]["table"] = "nobody_knows"
    return gzip.compress(msgspec.json.encode(manifest))


FINGERPRINT = r"--tls-fingerprint (?:[0-9A-F]{2}:){31}[0-9A-F]{2}"

# What is typed after `run`, what the error says, and what the hint says. The lab's backup is meant unless -L or -T say
# otherwise; {dir}, {tag} and {port} are filled in.
ERRORS: dict[str, tuple[str, str, str]] = {
    "unknown snapshot": (
        f"-T {EARLY_TAG}",
        f"there is no snapshot {EARLY_TAG} in {LOCATION}$",
        r"the nearest in time is {tag}; `scylla-restore backups -L localstorage:backups --config \S+` lists",
    ),
    "unknown snapshot in two buckets": (
        f"-T {EARLY_TAG} -L {LOCATION},localstorage:truncated",
        f"none of {LOCATION}, localstorage:truncated holds .* {EARLY_TAG}",
        "the nearest in time is {tag}; ",
    ),
    "no backup at all": ("-L localstorage:empty", "there is no snapshot {tag}", "is it the right bucket"),
    "impossible snapshot": ("-T sm_20011303040506UTC", "a moment that does not exist", "backups"),
    "tag of another cluster": (
        f"--source-cluster {OTHER_ID}",
        "there is no snapshot {tag} of cluster " + OTHER_ID,
        "the tag is one of cluster .{36} by task .{36}; ",
    ),
    "table missing in the cluster": (
        "-L localstorage:unknown",
        r"the backup holds ks1\.nobody_knows, which the cluster does not have",
        r"leave the tables out \(--keyspace '\*,!ks1\.nobody_knows'\)",
    ),
    "no data matches": ("-K nothing.*", r"no data .* matches the keyspace patterns 'nothing\.\*'", "glob"),
    "bucket that does not exist": ("-L localstorage:nowhere", "localstorage:nowhere", "mount"),
    "wrong token": (
        "--auth-token file:{dir}/wrong",
        r"node 127\.0\.0\.11 does not accept the auth token",
        r"scylla-manager-agent\.yaml",
    ),
    "token that is not there": ("--auth-token env:NOWHERE", "variable NOWHERE, which is not set", "export"),
    "certificate of the agent's own": (
        "--config {dir}/untrusting.toml",
        r"node 127\.0\.0\.11 has a certificate that is not trusted: self-signed",
        f"--tls-ca FILE.*{FINGERPRINT}.*--insecure",
    ),
    "no node with access": (
        "-L localstorage:unseen --config {dir}/mounted.toml",
        r"no node can list localstorage:unseen: 127\.0\.0\.11: .*status 404: .*directory not found",
        "give the agents credentials",
    ),
    "truncated manifest": ("-L localstorage:truncated", r"manifest\.json\.gz is cut off", "another snapshot"),
    "corrupt manifest": ("-L localstorage:corrupt", r"manifest\.json\.gz is not intact", "another snapshot"),
    "shapeless manifest": ("-L localstorage:shapeless", r"manifest\.json\.gz cannot be read", "another"),
    "location twice": (
        f"-L {LOCATION},dc1:{LOCATION}",
        f"bucket {LOCATION} is named twice, as {LOCATION} and as dc1:{LOCATION}",
        "name each bucket once",
    ),
    "unknown provider": ("-L s4:backups", "unknown provider 's4'", "providers are s3, gcs, azure"),
    "contradicting flags": ("--restore-schema", "both of tables and schema", "exactly one of"),
    "contradicting ways to trust": (
        "--insecure --tls-ca {dir}/lab/agents.pem",
        "--tls-ca, --tls-fingerprint and --insecure exclude each other",
        "only one",
    ),
    "flag of a dry run": ("--show-tables", "--show-tables is for a dry run", "--dry-run"),
    "misspelt flag": ("--snapshot-tagg x", "--snapshot-tagg. Did you mean --snapshot-tag", "run --help"),
    "misspelt choice": ("--method nativ", "--method cannot be 'nativ'", "did you mean native"),
    "number that is none": ("--batch-size many", '--batch-size: unable to convert "many"', "run --help"),
    "host that does not answer": (
        "--host 127.0.0.1 --port {port} --auth-token file:{dir}/wrong",
        r"no contact point answers: node 127\.0\.0\.1 did not answer GET .*: connection refused",
        "is scylla-manager-agent running there",
    ),
    "host without an address": (
        "--host nobody.invalid --auth-token file:{dir}/wrong",
        "node nobody.invalid did not answer",
        "`hosts`",
    ),
    "misspelt key": (
        "--config {dir}/typo.toml",
        r"typo\.toml:8: unknown key 'auth_tokn' in \[cluster\.lab\]",
        "did you mean 'auth_token'",
    ),
    "file that is no TOML": ("--config {dir}/broken.toml", r"broken\.toml: not TOML: .*line 4", "brackets"),
    "two ways to trust in the file": (
        "--config {dir}/tls-twice.toml",
        r"tls-twice\.toml:\d+: .*tls_ca and insecure exclude each other",
        "",
    ),
    "no such file": ("--config {dir}/none.toml", r"none\.toml cannot be read: No such file", "--config"),
    "unknown cluster": ("-c prod", "no cluster 'prod' is configured", "configured are: lab"),
    "mapping to no DC": ("--dc-mapping dc1=dc7", "names DC dc7, which the cluster does not have", "has dc1"),
    "mapping from no DC": ("--dc-mapping dc7=dc1", "names DC dc7", "dc1"),
    "renaming of nothing": ("--rename ks7=ks1", "names ks7, which the backup does not have", "--details"),
}


def call(lab: Lab, typed: Sequence[str]) -> Answer:
    words = ["run", *typed]
    if "-L" not in words:
        words += ["-L", LOCATION]
    if "-T" not in words:
        words += ["-T", lab.process.tag]
    if "--config" not in words:
        words += ["--config", str(lab.process.files.config)]
    return Desk(lab.process.directory).call_bare(*words, "--restore-tables")


def fill(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def check_untouched(lab: Lab) -> None:
    requests = read_requests(lab.process.files.requests)
    assert [request for request in requests if not reads_only(request)] == []
    assert lab.process.loaded_sstables() == 0
    assert lab.process.left_behind() == []
    if (lab.process.files.root / "log.db").exists():
        with lab.process.log() as log:
            assert newest_unfinished(log) is None


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_a_paragraph_and_a_hint_with_code_2_and_nothing_is_touched(lab: Lab, name: str) -> None:
    filled = {"dir": str(lab.process.directory), "tag": lab.process.tag, "port": str(reserved_ports(1)[0])}
    typed, message, hint = (fill(text, filled) for text in ERRORS[name])
    said = call(lab, typed.split())
    told = said.stderr.splitlines()
    assert said.code == 2, said.stderr
    assert re.search(f"^error: .*{message}", said.stderr, re.MULTILINE), said.stderr
    assert [line.partition(":")[0] for line in told] == (["error", "hint"] if hint else ["error"]), (
        said.stderr
    )
    assert re.search(f"^hint: .*{hint}", told[-1]) or not hint, said.stderr
    assert "not-the-token" not in said.stderr
    check_untouched(lab)
