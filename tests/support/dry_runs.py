"""Dry runs of the core in a world of its own."""

import msgspec
from tests.support.hosts import run_started
from tests.support.world import World

from scylla_restore.events.model.run import OwnerChanged


def dry(world: World, **selected: object) -> World:
    """Play a dry run to its end; ``selected`` are fields of the selection."""
    started = msgspec.structs.replace(run_started(world.where, world.tuning), dry_run=True)
    selection = msgspec.structs.replace(started.target.selection, **selected)
    target = msgspec.structs.replace(started.target, selection=selection)
    started = msgspec.structs.replace(started, target=target)
    world.tell(started, OwnerChanged(owner="ann", engine_version="1"))
    return world.decide().play()
