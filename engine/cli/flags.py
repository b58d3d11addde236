"""The global flags: they are taken before and after every command."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from cyclopts import Group, Parameter

LOG = Group("Log and output", sort_key=90)
CLUSTER = Group("Cluster", sort_key=91)


@dataclass(frozen=True, kw_only=True)
class GlobalFlags:
    """Flags of all commands; None is a flag that was not given."""

    config: Annotated[Path | None, Parameter(group=LOG)] = None
    """TOML file; without it ./scylla-restore.toml, else the one in the user's configuration directory."""

    log: Annotated[str | None, Parameter(group=LOG)] = None
    """Event log, as sqlite:///path/to/file.db or cql://[user@]host/keyspace; by default a file in the user's state directory."""

    json: Annotated[bool, Parameter(group=LOG, negative="", show_default=False)] = False
    """Print JSON on standard output, and nothing else there."""

    verbose: Annotated[
        bool, Parameter(name=("--verbose", "-v"), group=LOG, negative="", show_default=False)
    ] = False
    """Tell more on standard error, tracebacks included."""

    quiet: Annotated[bool, Parameter(name=("--quiet", "-q"), group=LOG, negative="", show_default=False)] = (
        False
    )
    """Tell only warnings and errors on standard error."""

    log_file: Annotated[Path | None, Parameter(group=LOG)] = None
    """Write the program's own diagnostic messages into this file, too."""

    cluster: Annotated[str | None, Parameter(name=("--cluster", "-c"), group=CLUSTER)] = None
    """Name of a cluster in the configuration file; by default the only one there."""

    host: Annotated[tuple[str, ...], Parameter(group=CLUSTER, show_default=False)] = ()
    """Contact points of a cluster that no configuration file knows of; comma-separated or repeated."""

    port: Annotated[int | None, Parameter(group=CLUSTER)] = None
    """The agents' port; by default 10001."""

    auth_token: Annotated[str | None, Parameter(group=CLUSTER)] = None
    """The agents' token, as env:NAME or file:PATH."""

    tls_ca: Annotated[Path | None, Parameter(group=CLUSTER)] = None
    """Certificate authorities, or the agents' own certificates, in PEM."""

    tls_fingerprint: Annotated[str | None, Parameter(group=CLUSTER)] = None
    """SHA-256 of the agents' certificates; several with commas."""

    insecure: Annotated[bool | None, Parameter(group=CLUSTER, negative="")] = None
    """Do not check the agents' certificates."""
