"""The configuration file that a lab writes: all that a command needs to reach it."""

import json

from scylla_restore.engine.lab.files import write_whole
from scylla_restore.engine.lab.state import LabDirectory, LabRecord


def write_configuration(directory: LabDirectory, record: LabRecord, default_port: int) -> None:
    """Write ``scylla-restore.toml``; nodes that are not at their address and port get a line of ``translate``."""
    addresses = [node.address for node in record.nodes]
    lines = [
        "[log]",
        f"url = {_text(f'sqlite:///{directory.root}/log.db')}",
        "",
        f"[cluster.{_text(record.cluster)}]",
        f"id = {_text(record.cluster_id)}",
        f"hosts = [{', '.join(_text(address) for address in addresses)}]",
        f"port = {default_port}",
        f"auth_token = {_text(f'file:{directory.token_file}')}",
        f"tls_ca = {_text(str(directory.root / 'agents.pem'))}",
    ]
    moved = {
        address: f"{listener.host}:{listener.port}"
        for address in addresses
        if (listener := record.listeners[address]).host != address or listener.port != default_port
    }
    if moved:
        lines += ["", f"[cluster.{_text(record.cluster)}.translate]"]
        lines += [f"{_text(address)} = {_text(place)}" for address, place in moved.items()]
    if record.cassandra is not None:
        lines += ["", f"[cluster.{_text(record.cluster)}.cql]"]
        lines += [f"port = {node.cassandra.cql_port}" for node in record.nodes[:1] if node.cassandra]
        if record.cassandra.user:
            lines += [
                f"user = {_text(record.cassandra.user)}",
                f"password = {_text(record.cassandra.password)}",
            ]
    for provider in ("s3", "gcs", "azure"):
        settings = getattr(record, provider)
        if settings is not None:
            lines += ["", f"[{provider}]"]
            lines += [
                f"{name} = {_text(value)}"
                for name in settings.__struct_fields__
                if (value := getattr(settings, name))
            ]
    lines += ["", "[localstorage]", f"path = {_text(str(directory.buckets))}", ""]
    write_whole(directory.config, "\n".join(lines).encode(), mode=0o600)


def _text(value: str) -> str:
    # JSON strings are basic strings of TOML.
    return json.dumps(value)
