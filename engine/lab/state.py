"""What a lab is made of: its nodes, its settings, and its tables, all kept in the lab's directory."""

import ipaddress
import secrets
import uuid
from pathlib import Path

import msgspec

from scylla_restore.engine.errors import TargetError
from scylla_restore.engine.lab.files import SharedFile, write_whole

DEFAULT_BASE_ADDRESS = "127.0.0.11"
DEFAULT_PORT = 10001
SYSTEM_TABLES = (
    "system:local",
    "system:peers",
    "system_schema:tables",
    "system_distributed:view_build_status",
    "system_traces:events",
)
_NAMES = uuid.UUID("5b0f0c0e-2f55-4c28-9d5c-4c61625f6c61")


class ObjectStorageEndpoint(msgspec.Struct, frozen=True, kw_only=True):
    """An object store in Scylla's configuration.

    It is named by its URL and has a ``type`` (``s3``, ``gs``), or, as in older configurations, by its host and has
    ``port`` and ``use_https``.
    """

    name: str
    type: str = ""
    port: int = 0
    use_https: bool = False
    aws_region: str = ""
    iam_role_arn: str = ""

    def told(self) -> dict[str, object]:
        """Return what is set."""
        return {
            name: value for name, value in msgspec.structs.asdict(self).items() if value or name == "name"
        }


class CassandraNode(msgspec.Struct, frozen=True, kw_only=True):
    """The Cassandra node behind a lab node: ``url`` is Jolokia's."""

    url: str
    host_id: str
    cql_port: int
    data_directory: str


class CassandraSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Cassandra nodes to stand behind a lab's: Jolokia's URL of each, and who may read and alter the schema there.

    ``password`` may be a reference, ``env:NAME`` or ``file:PATH``. Without a user there are no passwords.
    """

    urls: tuple[str, ...]
    user: str = ""
    password: str = ""


class NodeSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One node: its address in the cluster, and what it reports of itself.

    Without a ``scylla_version`` it has the lab's; without ``object_storage_endpoints`` those of the lab's S3 and GCS.
    """

    address: str
    dc: str = "dc1"
    rack: str = "r1"
    shards: int = 2
    scylla_version: str = ""
    object_storage_endpoints: tuple[ObjectStorageEndpoint, ...] | None = None
    cassandra: CassandraNode | None = None

    @property
    def host_id(self) -> str:
        """Cassandra's, or the same for an address in every lab."""
        if self.cassandra is not None:
            return self.cassandra.host_id
        return str(uuid.uuid5(_NAMES, self.address))


class S3Settings(msgspec.Struct, frozen=True, kw_only=True):
    """An object store. Credentials may be references, ``env:NAME`` or ``file:PATH``; empty ones are boto3's own."""

    endpoint: str = ""
    region: str = "us-east-1"
    access_key_id: str = ""
    secret_access_key: str = ""


class GcsSettings(msgspec.Struct, frozen=True, kw_only=True):
    """Google Cloud Storage, or an emulator at ``endpoint``, which takes no credentials; else the SDK's own are used."""

    endpoint: str = ""
    service_account_file: str = ""


class AzureSettings(msgspec.Struct, frozen=True, kw_only=True):
    """An account of Azure Storage. ``key`` may be a reference; ``endpoint`` is a whole URL."""

    account: str
    key: str
    endpoint: str = ""


class Speeds(msgspec.Struct, frozen=True, kw_only=True):
    """How fast nodes are. MiB/s per node, 0 is as fast as it goes; times in seconds.

    ``latency_s`` is added to every answer, ``load_min_s`` is the least that a load of anything takes, and
    ``repair_s`` is how long each repair takes, ``unauthorized_delay_s`` is the agent's punishment for a wrong token.
    """

    download_mbps: float = 0.0
    load_mbps: float = 0.0
    load_min_s: float = 0.0
    repair_s: float = 0.0
    latency_s: float = 0.0
    unauthorized_delay_s: float = 1.0


class Listener(msgspec.Struct, frozen=True, kw_only=True):
    """Where a node was listening last."""

    host: str
    port: int


class LabRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What must be the same when a lab is started again on its directory."""

    cluster: str
    cluster_id: str
    scylla_version: str
    nodes: tuple[NodeSpec, ...]
    s3: S3Settings | None = None
    gcs: GcsSettings | None = None
    azure: AzureSettings | None = None
    cassandra: CassandraSettings | None = None
    tablet_keyspaces: tuple[str, ...] = ()
    listeners: dict[str, Listener] = {}


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """A table of the cluster; ``id`` has 32 hex digits. ``view_of`` names the base table of a view."""

    keyspace: str
    table: str
    id: str
    view_of: str = ""
    tablets: bool = False

    @property
    def directory(self) -> str:
        """Relative to a node's data directory."""
        return f"{self.keyspace}/{self.table}-{self.id}"


class Schema(msgspec.Struct, frozen=True, kw_only=True):
    """All tables but the system's."""

    tables: tuple[Table, ...] = ()

    def find(self, keyspace: str, table: str) -> Table | None:
        """Return the table, if there is one."""
        for found in self.tables:
            if found.keyspace == keyspace and found.table == table:
                return found
        return None

    @property
    def keyspaces(self) -> tuple[str, ...]:
        """In the order of their first tables."""
        return tuple(dict.fromkeys(table.keyspace for table in self.tables))


class LabDirectory:
    """The directory of a lab: where everything lies, and what of it is shared between processes."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.schema = SharedFile(self.root / "schema.json", Schema, Schema())
        self.record_file = self.root / "lab.json"
        self.config = self.root / "scylla-restore.toml"
        self.requests = self.root / "requests.jsonl"
        self.buckets = self.root / "buckets"
        self.token_file = self.root / "token"

    def data(self, node: NodeSpec) -> Path:
        """Return a node's data directory; with Cassandra behind it, that is Cassandra's own."""
        if node.cassandra is not None:
            return Path(node.cassandra.data_directory)
        return self.root / node.address / "data"

    def loaded(self, address: str) -> Path:
        """Return where the files go that a node has loaded."""
        return self.root / address / "loaded"

    def native(self, address: str) -> Path:
        """Return where files lie for a moment that a native restore of a node has read."""
        return self.root / address / "native"

    def loads(self, address: str) -> Path:
        """Return the file with a line for each load of a node."""
        return self.root / address / "loads.jsonl"

    def token(self) -> str:
        """Return the agents' token, made at the first call."""
        if not self.token_file.exists():
            write_whole(self.token_file, secrets.token_hex(16).encode() + b"\n", mode=0o600)
        return self.token_file.read_text().strip()

    def record(self) -> LabRecord | None:
        """Return what an earlier start left, if there was one."""
        if not self.record_file.exists():
            return None
        return msgspec.json.decode(self.record_file.read_bytes(), type=LabRecord)

    def save(self, record: LabRecord) -> None:
        """Keep the record for the next start."""
        content = msgspec.json.format(msgspec.json.encode(record), indent=1)
        write_whole(self.record_file, content, mode=0o600)

    def create_table(
        self, keyspace: str, table: str, *, view_of: str = "", tablets: bool = False, table_id: str = ""
    ) -> Table:
        """Create a table (or return it, if it is there) with its directories on all nodes.

        Raises:
            TargetError: a real database is behind the nodes.
        """
        record = self.record()
        if record is not None and record.cassandra is not None:
            raise TargetError(
                f"{keyspace}.{table} is to be made through CQL: there is Cassandra behind this lab"
            )
        tablets = tablets or (record is not None and keyspace in record.tablet_keyspaces)
        with self.schema.changing():
            schema = self.schema.get()
            found = schema.find(keyspace, table)
            if found is None:
                name = f"{self.root}/{keyspace}.{table}"
                made_id = table_id or uuid.uuid5(_NAMES, name).hex
                found = Table(keyspace=keyspace, table=table, id=made_id, view_of=view_of, tablets=tablets)
                self.schema.set(Schema(tables=(*schema.tables, found)))
        self.make_table_directories(found)
        return found

    def make_table_directories(self, table: Table) -> None:
        """Make a table's directories on all nodes."""
        record = self.record()
        for node in record.nodes if record else ():
            (self.data(node) / table.directory / "upload").mkdir(parents=True, exist_ok=True)


def make_nodes(
    count: int, *, shards: int = 2, base_address: str = DEFAULT_BASE_ADDRESS
) -> tuple[NodeSpec, ...]:
    """Return ``count`` nodes of one DC in three racks, on consecutive addresses from ``base_address``."""
    first = ipaddress.ip_address(base_address)
    return tuple(
        NodeSpec(address=str(first + number), rack=f"r{number % 3 + 1}", shards=shards)
        for number in range(count)
    )
