"""What all commands are."""

import msgspec

from scylla_restore.events.model.target import BackupLocation, IndexVia


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """Something to be done."""


class ClusterCommand(Command, frozen=True, kw_only=True):
    """For the supervisor's cluster lane."""


class NodeCommand(Command, frozen=True, kw_only=True):
    """For the actor of ``node``."""

    node: str


class LocationCommand(Command, frozen=True, kw_only=True):
    """For the actor of ``location`` (``<provider>:<bucket>``). ``via`` says who lists and reads."""

    location: str
    where: BackupLocation
    via: IndexVia = IndexVia.AUTO
