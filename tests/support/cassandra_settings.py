"""How a small Apache Cassandra node is set up and started: its files, and its command line.

What applications notice (how large batches and mutations may be) is as in Cassandra's own configuration, unless it says
otherwise here.
"""

import re
import shutil
import subprocess
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from tests.support.certificates import Identity

PROJECT = Path(__file__).resolve().parents[2]
JARS = PROJECT / ".lab" / "cassandra" / "lib"
KEYSTORE_PASSWORD = "keystore"
HEAP_MB = 256

_UNNAMED = "ALL-UNNAMED"
_EXPORTS = (
    "java.base/java.lang.ref",
    "java.base/java.lang.reflect",
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.rmi/sun.rmi.transport.tcp",
    "java.sql/java.sql",
    "jdk.unsupported/sun.misc",
)
_OPENS = (
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.module",
    "java.base/java.lang.reflect",
    "java.base/java.math",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.util.jar",
    "java.base/sun.nio.ch",
    "java.management/com.sun.jmx.remote.security",
    "java.rmi/sun.rmi.transport.tcp",
    "jdk.management/com.sun.management.internal",
)
_LOGBACK = """<configuration><appender name="FILE" class="ch.qos.logback.core.FileAppender">
<file>{log}</file><encoder><pattern>%-5level %date{{ISO8601}} [%thread] %F:%L - %msg%n</pattern></encoder>
</appender><root level="INFO"><appender-ref ref="FILE"/></root></configuration>
"""


class Ports(msgspec.Struct, frozen=True):
    """The same on all nodes of a cluster."""

    cql: int
    storage: int
    jolokia: int


class NodeSettings(msgspec.Struct, frozen=True, kw_only=True):
    """One node. ``identity`` lets clients use TLS, whoever wants to; with ``passwords`` they have to log in."""

    directory: Path
    address: str
    seeds: tuple[str, ...]
    ports: Ports
    rack: str = "rack1"
    passwords: bool = False
    identity: Identity | None = None
    is_short_lived: bool = False
    """Never started again: it may forget what it knows about tables when it is killed, and their rows with them."""


def why_not() -> str | None:
    """Return why no node can be started here, or None."""
    if not (JARS.parent / "pom.xml").exists():
        return "Apache Cassandra is not installed: scripts/install-lab installs it where there are Java and Maven"
    return java_or_why_not()[1]


def java_or_why_not() -> tuple[str, str | None]:
    """Return the Java there is, and why it will not do if it does not."""
    java = shutil.which("java")
    if java is None:
        return "", "there is no Java to run servers with"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr  # noqa: S603 - the Java there is
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) != 17:
        return java, f"servers are run with Java 17 here, but there is {told.splitlines()[:1]}"
    return java, None


def write_files(node: NodeSettings) -> None:
    """Write the node's configuration."""
    configuration = node.directory / "conf"
    configuration.mkdir(parents=True, exist_ok=True)
    # JSON is YAML.
    (configuration / "cassandra.yaml").write_bytes(msgspec.json.encode(_cassandra_yaml(node)))
    (configuration / "cassandra-rackdc.properties").write_text(f"dc=dc1\nrack={node.rack}\n")
    (configuration / "logback.xml").write_text(_LOGBACK.format(log=node.directory / "system.log"))
    if node.identity is not None:
        keystore = pkcs12.serialize_key_and_certificates(
            b"node",
            node.identity.key,
            node.identity.certificate,
            None,
            serialization.BestAvailableEncryption(KEYSTORE_PASSWORD.encode()),
        )
        (configuration / "keystore.p12").write_bytes(keystore)


def command(node: NodeSettings) -> list[str]:
    """Return the command line of a node whose files are written."""
    configuration = node.directory / "conf"
    jolokia = next(JARS.glob("jolokia-agent-jvm-*.jar"))
    properties = {
        "jdk.attach.allowAttachSelf": "true",
        "io.netty.tryReflectionSetAccessible": "true",
        "cassandra.config": (configuration / "cassandra.yaml").as_uri(),
        "cassandra.storagedir": str(node.directory),
        "cassandra.logdir": str(node.directory),
        "logback.configurationFile": str(configuration / "logback.xml"),
        "cassandra-foreground": "yes",
        # Nobody joins or leaves: there is nothing to wait for.
        "cassandra.ring_delay_ms": "1000",
        "cassandra.skip_wait_for_gossip_to_settle": "0",
        "cassandra.superuser_setup_delay_ms": "0",
        # Every test makes a keyspace of its own, and opens logs by the dozen.
        "cassandra.test.flush_local_schema_changes": "false" if node.is_short_lived else "true",
        "cassandra.auth_bcrypt_gensalt_log2_rounds": "4",
    }
    return [
        shutil.which("java") or "java",
        f"-Xms{HEAP_MB}M",
        f"-Xmx{HEAP_MB}M",
        "-XX:+UseSerialGC",
        "-XX:MaxDirectMemorySize=192M",
        "-XX:TieredStopAtLevel=1",
        f"-javaagent:{next(JARS.glob('jamm-*.jar'))}",
        f"-javaagent:{jolokia}=port={node.ports.jolokia},host={node.address}",
        *(f"--add-exports={package}={_UNNAMED}" for package in _EXPORTS),
        *(f"--add-opens={package}={_UNNAMED}" for package in _OPENS),
        *(f"-D{name}={value}" for name, value in properties.items()),
        "-cp",
        f"{configuration}:{JARS}/*",
        "org.apache.cassandra.service.CassandraDaemon",
    ]


def _cassandra_yaml(node: NodeSettings) -> dict[str, object]:
    directory = node.directory
    seeds = {
        "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
        "parameters": [{"seeds": ",".join(f"{seed}:{node.ports.storage}" for seed in node.seeds)}],
    }
    encryption: dict[str, object] = {"enabled": False}
    if node.identity is not None:
        encryption = {
            "enabled": True,
            "optional": True,
            "keystore": str(directory / "conf" / "keystore.p12"),
            "keystore_password": KEYSTORE_PASSWORD,
            "store_type": "PKCS12",
        }
    return {
        "cluster_name": "scylla-restore tests",
        "num_tokens": 4,
        "partitioner": "org.apache.cassandra.dht.Murmur3Partitioner",
        "authenticator": "PasswordAuthenticator" if node.passwords else "AllowAllAuthenticator",
        "authorizer": "CassandraAuthorizer" if node.passwords else "AllowAllAuthorizer",
        "data_file_directories": [str(directory / "data")],
        "commitlog_directory": str(directory / "commitlog"),
        "hints_directory": str(directory / "hints"),
        "saved_caches_directory": str(directory / "saved_caches"),
        "cdc_raw_directory": str(directory / "cdc"),
        "commitlog_sync": "periodic",
        "commitlog_sync_period": "10000ms",
        # A mutation may be half as large. The default is four times that.
        "commitlog_segment_size": "8MiB",
        "seed_provider": [seeds],
        "listen_address": node.address,
        "storage_port": node.ports.storage,
        "rpc_address": node.address,
        "start_native_transport": True,
        "native_transport_port": node.ports.cql,
        "client_encryption_options": encryption,
        "endpoint_snitch": "GossipingPropertyFileSnitch",
        "auto_bootstrap": False,
        "auto_snapshot": False,
        "materialized_views_enabled": True,
        "sasi_indexes_enabled": True,
        "user_defined_functions_enabled": True,
        # The machine of the tests may be busy with much else.
        "read_request_timeout": "10s",
        "write_request_timeout": "10s",
        "cas_contention_timeout": "5s",
        "request_timeout": "20s",
        # As small as it can be.
        "concurrent_reads": 8,
        "concurrent_writes": 8,
        "concurrent_compactors": 1,
        "key_cache_size": "4MiB",
        "memtable_heap_space": "64MiB",
        "memtable_offheap_space": "64MiB",
        "file_cache_size": "32MiB",
        "networking_cache_size": "16MiB",
        "prepared_statements_cache_size": "4MiB",
    }
