"""What the run knows of the target's schema, and how far it has come with it."""

import msgspec

from scylla_restore.events.model.failure import Failure
from scylla_restore.events.model.schema import SchemaRecorded
from scylla_restore.events.model.stages import Stage


class SchemaState(msgspec.Struct, kw_only=True):
    """``recorded`` is how the schema was before the run; ``agreed`` are stages before which agreement was awaited.

    ``altered`` is an index: whether all is altered that the present stage wants to be. ``built`` are views as
    (keyspace, name) that are; ``failure`` is why a change, or the building, came to nothing. ``replaced`` are tables
    (``<keyspace>:<table>``) that were dropped and made again after something was restored into them; ``verified``
    tells that this engine has looked for such when all was loaded.
    """

    recorded: SchemaRecorded | None = None
    agreed: set[Stage] = set()
    altered: bool = True
    built: set[tuple[str, str]] = set()
    failure: Failure | None = None
    replaced: tuple[str, ...] = ()
    verified: bool = False

    @property
    def offered(self) -> bool:
        """Whether views and ``tombstone_gc`` can be seen to."""
        return self.recorded is not None and self.recorded.offered
