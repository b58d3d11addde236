"""`version`."""

import platform
import sqlite3
from importlib import metadata

from scylla_restore import __version__
from scylla_restore.engine.cli.context import Given

_WHAT_MATTERS = (
    "pykka",
    "msgspec",
    "requests",
    "boto3",
    "cassandra-driver",
    "azure-storage-blob",
    "google-cloud-storage",
)


def version(*, context: Given) -> None:
    """Print versions of the package, Python and what matters."""
    versions = {
        "scylla-restore": __version__,
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    for package in _WHAT_MATTERS:
        try:
            versions[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            versions[package] = "not installed"
    versions["platform"] = platform.platform()
    if context.output.is_json:
        context.output.document(versions)
        return
    for name, number in versions.items():
        context.output.line(f"{name:<22}{number}")
