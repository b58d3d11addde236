"""`lab`: nodes to try things with, a backup of them, and what goes wrong."""

from pathlib import Path
from typing import Annotated, get_args

from cyclopts import Group, Parameter
from cyclopts.validators import Number

from scylla_restore.engine.cli.context import Given
from scylla_restore.engine.cli.diagnostics import diagnosed
from scylla_restore.engine.cli.units import bytes_text, count_text
from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.lab.backup_content import IdType
from scylla_restore.engine.lab.backup_origin import BackupRequest
from scylla_restore.engine.lab.command import FaultOptions, UpOptions
from scylla_restore.engine.lab.command import backup as write_backup
from scylla_restore.engine.lab.command import fault as inject_fault
from scylla_restore.engine.lab.command import up as serve
from scylla_restore.engine.lab.faults import Fault, FaultKind
from scylla_restore.engine.lab.state import (
    DEFAULT_BASE_ADDRESS,
    DEFAULT_PORT,
    AzureSettings,
    CassandraSettings,
    GcsSettings,
    S3Settings,
    Speeds,
)
from scylla_restore.engine.secrets import SecretReference

S3 = Group("An object store that the nodes reach as s3:", sort_key=10)
OTHERS = Group("Object stores that the nodes reach as gcs: and azure:", sort_key=11)
NODES = Group("Nodes", sort_key=9)
CASSANDRA = Group("Real rows: Apache Cassandra nodes that stand behind the lab's", sort_key=12)

_Directory = Annotated[Path, Parameter(name="--dir")]
_Count = Annotated[int, Parameter(validator=Number(gte=1))]


def up(
    *,
    directory: _Directory = Path("lab"),
    nodes: Annotated[int | None, Parameter(validator=Number(gte=1), group=NODES)] = None,
    shards: Annotated[int, Parameter(validator=Number(gte=1), group=NODES)] = 2,
    base_address: Annotated[str, Parameter(group=NODES)] = DEFAULT_BASE_ADDRESS,
    table: Annotated[tuple[str, ...], Parameter(group=NODES)] = (),
    tablets: Annotated[tuple[str, ...], Parameter(group=NODES)] = (),
    download_mbps: Annotated[float, Parameter(validator=Number(gte=0), group=NODES)] = 0.0,
    load_mbps: Annotated[float, Parameter(validator=Number(gte=0), group=NODES)] = 0.0,
    repair_seconds: Annotated[float, Parameter(validator=Number(gte=0), group=NODES)] = 0.0,
    scylla_version: Annotated[str | None, Parameter(group=NODES)] = None,
    cassandra: Annotated[tuple[str, ...], Parameter(group=CASSANDRA)] = (),
    cassandra_user: Annotated[str, Parameter(group=CASSANDRA)] = "",
    cassandra_password: Annotated[str, Parameter(group=CASSANDRA)] = "",
    s3_endpoint: Annotated[str | None, Parameter(group=S3)] = None,
    s3_region: Annotated[str, Parameter(group=S3)] = "us-east-1",
    s3_access_key_id: Annotated[str, Parameter(group=S3)] = "",
    s3_secret_access_key: Annotated[str, Parameter(group=S3)] = "",
    gcs_endpoint: Annotated[str | None, Parameter(group=OTHERS)] = None,
    azure_endpoint: Annotated[str, Parameter(group=OTHERS)] = "",
    azure_account: Annotated[str | None, Parameter(group=OTHERS)] = None,
    azure_key: Annotated[str, Parameter(group=OTHERS)] = "",
    context: Given,
) -> None:
    """Serve lab nodes until Ctrl-C; --port is theirs, 0 for free ones. Writes scylla-restore.toml into the directory.

    Args:
        directory: of the lab; one that held a lab before gives it back.
        nodes: how many; by default as many as the directory held before, or 3.
        shards: of each node.
        base_address: of the first node; the others follow.
        table: keyspace.table to create; comma-separated or repeated.
        tablets: keyspaces that are on tablets; comma-separated or repeated.
        download_mbps: MiB/s per node at which files are downloaded; 0 is as fast as it goes.
        load_mbps: MiB/s per node at which files are loaded; 0 is as fast as it goes.
        repair_seconds: how long each repair of a table, or of a part of one, takes.
        scylla_version: what the nodes report; from 2026.1.0 on, which is not the default, they restore natively.
        cassandra: URLs of the Jolokia agents of Apache Cassandra 4.1 nodes here; comma-separated or repeated.
        cassandra_user: who may read and alter the schema there, if it has passwords.
        cassandra_password: env:NAME or file:PATH.
        s3_endpoint: URL of the object store.
        s3_region: its region.
        s3_access_key_id: env:NAME, file:PATH, or itself.
        s3_secret_access_key: env:NAME or file:PATH.
        gcs_endpoint: URL of an emulator of Google Cloud Storage; http, as it takes no credentials.
        azure_endpoint: URL of an account's blobs; by default Azure's own.
        azure_account: name of the account.
        azure_key: env:NAME or file:PATH.
    """
    _refuse_literal("--s3-secret-access-key", s3_secret_access_key)
    _refuse_literal("--azure-key", azure_key)
    _refuse_literal("--cassandra-password", cassandra_password)
    options = UpOptions(
        directory=directory,
        nodes=nodes,
        shards=shards,
        base_address=base_address,
        port=DEFAULT_PORT if context.flags.port is None else context.flags.port,
        tables=_split(table),
        s3=_s3(s3_endpoint, s3_region, s3_access_key_id, s3_secret_access_key),
        gcs=None if gcs_endpoint is None else GcsSettings(endpoint=gcs_endpoint),
        azure=_azure(azure_account, azure_key, azure_endpoint),
        tablets=_split(tablets),
        cassandra=_cassandra(cassandra, cassandra_user, cassandra_password),
        speeds=Speeds(download_mbps=download_mbps, load_mbps=load_mbps, repair_s=repair_seconds),
        scylla_version=scylla_version,
    )
    with diagnosed(context):
        serve(options)


def _refuse_literal(flag: str, secret: str) -> None:
    if secret and SecretReference(secret).is_literal:
        raise TargetError(
            f"{flag} is a secret, which everybody would see who can list processes",
            hint="give it as env:NAME or file:PATH",
        )


def _s3(endpoint: str | None, region: str, key_id: str, key: str) -> S3Settings | None:
    if endpoint is None:
        return None
    return S3Settings(endpoint=endpoint, region=region, access_key_id=key_id, secret_access_key=key)


def _azure(account: str | None, key: str, endpoint: str) -> AzureSettings | None:
    return None if account is None else AzureSettings(account=account, key=key, endpoint=endpoint)


def _cassandra(urls: tuple[str, ...], user: str, password: str) -> CassandraSettings | None:
    return CassandraSettings(urls=_split(urls), user=user, password=password) if urls else None


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for text in texts for name in text.split(",") if name)


def backup(
    *,
    directory: _Directory = Path("lab"),
    location: Annotated[str, Parameter(name=("--location", "-L"))] = "localstorage:backups",
    keyspaces: _Count = 1,
    tables: _Count = 1,
    sstables: _Count = 8,
    sstable_bytes: _Count = 64 << 10,
    id_type: IdType = "uuid",
    source: Annotated[Path | None, Parameter(name="--from")] = None,
    keyspace: Annotated[tuple[str, ...], Parameter(name=("--keyspace", "-K"))] = (),
    seed: int = 0,
    snapshot_tag: Annotated[str, Parameter(name=("--snapshot-tag", "-T"))] = "",
    context: Given,
) -> None:
    """Write a backup of a lab's cluster as Scylla Manager would; its tables exist in the running lab from then on.

    With Cassandra behind the lab, its tables are backed up, and nothing is made.

    Args:
        directory: of the lab.
        location: [<dc>:]<provider>:<bucket>, of a provider that the lab is set up for; localstorage always is.
        keyspaces: how many.
        tables: how many in each keyspace.
        sstables: how many of each table.
        sstable_bytes: size of each SSTable.
        id_type: of SSTables: uuid, int (as older Scylla counts them) or mixed.
        source: directory of SSTables to back up instead of made ones.
        keyspace: glob patterns on keyspace[.table] that choose among the tables of the Cassandra behind the lab; by default
            all. Comma-separated or repeated; ! excludes.
        seed: other SSTables for another seed.
        snapshot_tag: by default, now.
    """
    summary = write_backup(
        directory,
        BackupRequest(
            location=location,
            keyspaces=keyspaces,
            tables=tables,
            sstables=sstables,
            sstable_bytes=sstable_bytes,
            id_type=id_type,
            source=source,
            patterns=_split(keyspace),
            seed=seed,
            snapshot_tag=snapshot_tag,
        ),
    )
    if context.output.is_json:
        context.output.document(summary)
        return
    what = f"{count_text(summary.sstables, 'SSTable')}, {count_text(summary.files, 'file')}"
    context.output.line(f"{summary.snapshot_tag}  {what}, {bytes_text(summary.bytes)} in {location}")


def fault(
    *,
    directory: _Directory = Path("lab"),
    node: str = "*",
    on: str = "*",
    kind: FaultKind | None = None,
    status: int = 500,
    times: Annotated[int | None, Parameter(validator=Number(gte=1))] = None,
    after: Annotated[int, Parameter(validator=Number(gte=0))] = 0,
    clear: Annotated[bool, Parameter(negative="")] = False,
    context: Given,
) -> None:
    """Let something go wrong in a running lab, or end that.

    Args:
        directory: of the lab.
        node: address of a node; by default all.
        on: glob pattern of the paths of requests; by default all.
        kind: what goes wrong.
        status: what `error` answers.
        times: how many requests are hit; by default all until --clear.
        after: how many matching requests pass before.
        clear: end the faults that match --node, --on and --kind.
    """
    added = None
    if kind is not None and not clear:
        added = Fault(kind=kind, node=node, on=on, status=status, times=times, after=after)
    elif not clear:
        raise TargetError(
            "no fault is named",
            hint=f"--kind is one of {', '.join(get_args(FaultKind))}; --clear ends what goes wrong",
        )
    options = FaultOptions(directory=directory, fault=added, clear=clear, node=node, on=on, kind=kind or "*")
    context.output.note(inject_fault(options))
