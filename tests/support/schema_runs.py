"""Runs over the tables ``ks.t1`` and ``ks.t2``, whose schema is ``SCHEMA``, for tests of the core."""

from tests.support.hosts import directory, hosts
from tests.support.schemas import SCHEMA
from tests.support.world import World

from scylla_restore.engine.core.commands import (
    AlterSchema,
    Command,
    UndoSchema,
)
from scylla_restore.engine.core.schema_alterations import name_of
from scylla_restore.events.model.alterations import (
    SchemaAlteration,
)
from scylla_restore.events.model.failure import Cause, Failure
from scylla_restore.events.model.schema import (
    SchemaRecorded,
)

WORK = (directory("t1", range(1, 9)), directory("t2", (3, 4)))
VIEWS = ("view ks.v1", "view ks.i1")
TABLES = ("tombstone_gc of ks.t1", "tombstone_gc of ks.t2")
NO = Failure(cause=Cause.REFUSED, message="ann has no ALTER permission")


def a_world(schema: SchemaRecorded = SCHEMA) -> World:
    world = World(hosts=hosts("n1", "n2"), directories=WORK)
    world.schema = schema
    return world


def hanging(kind: type[Command]) -> World:
    """A run that never gets an answer to a kind of command."""
    world = a_world().on(kind, lambda _: ()).start()
    return world.play(lambda _: bool(world.commands(kind)))


def names(command: AlterSchema | UndoSchema) -> tuple[str, ...]:
    return tuple(name_of(alteration) for _, alteration in command.alterations)


def altered(world: World) -> set[str]:
    alterations = (entry.alteration for entry in world.state.ledger.entries.values())
    return {name_of(each) for each in alterations if isinstance(each, SchemaAlteration)}
