"""Commands about a backup's locations."""

from scylla_restore.engine.core.commands.base import LocationCommand
from scylla_restore.events.model.target import Selection


class OpenLocation(LocationCommand, frozen=True, kw_only=True):
    """Find the snapshot's manifests. → ``LocationOpened`` or ``LocationFailed``."""

    selection: Selection


class IndexLocation(LocationCommand, frozen=True, kw_only=True):
    """Read manifests and list directories. → ``ManifestRead``…, ``DirectoryIndexed``…, ``LocationIndexed``; or ``LocationFailed``."""

    selection: Selection
    manifests: tuple[str, ...]
    keyspaces: tuple[str, ...]
    user_keyspaces: tuple[str, ...]
    tables: tuple[str, ...]


class ReadSchemaFile(LocationCommand, frozen=True, kw_only=True):
    """Find and read the snapshot's schema. → ``SchemaStatementsRead``…, ``SchemaFileRead``; or ``LocationFailed``."""

    selection: Selection


class VerifyLocation(LocationCommand, frozen=True, kw_only=True):
    """Compare manifests, as (path, sha256), with what is there now. → ``LocationVerified`` or ``LocationFailed``."""

    manifests: tuple[tuple[str, str], ...]
