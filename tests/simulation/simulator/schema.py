"""The simulated cluster's schema: tables with their ``tombstone_gc``, and the views over them, built by and by."""

from collections.abc import Callable

import msgspec
from tests.simulation.simulator.dice import dice
from tests.simulation.simulator.scheduler import SECOND_US, Scheduler

from scylla_restore.events.model.schema import (
    RecordedTable,
    RecordedView,
    SchemaObject,
    TombstoneGc,
    ViewKind,
)

ViewKey = tuple[str, str]


class SchemaWindow(msgspec.Struct, frozen=True):
    """A time in which CQL is ``away``, nodes do not ``agree``, or somebody has dropped a ``table`` (by number)."""

    begin_us: int
    end_us: int
    kind: str
    table: int = 0


class SchemaPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What the schema is before a run touches it; tables by ``<keyspace>:<table>``."""

    tombstone_gc: dict[str, TombstoneGc | None]
    views: tuple[RecordedView, ...]
    backed_up: tuple[SchemaObject, ...] = ()
    """What a restore of the schema has to make, each by one statement."""


def statement_of(made: SchemaObject) -> str:
    """Return the statement that makes an object."""
    return f"CREATE {made.kind} {made.keyspace}.{made.name}"


class SimSchema:
    """The schema as it is, and as it was."""

    def __init__(
        self,
        plan: SchemaPlan,
        tables: dict[str, str],
        members: Callable[[], list[str]],
        scheduler: Scheduler,
        seed: str,
    ) -> None:
        self.plan = plan
        self.random = dice(f"{seed}/schema")
        self.tombstone_gc = dict(plan.tombstone_gc)
        self.views: dict[ViewKey, RecordedView] = {(v.keyspace, v.name): v for v in plan.views}
        self.windows: list[SchemaWindow] = []
        self.refusals = 0.0
        self.violations: list[str] = []
        self.made: set[SchemaObject] = set()
        """What statements of a backup have made."""
        self.remade: set[str] = set()
        """Tables that somebody dropped, and made again as they were."""
        self._tables = tables
        self._members = members
        self._scheduler = scheduler
        self._built_us: dict[ViewKey, int] = dict.fromkeys(self.views, 0)

    def apply(self, statement: str) -> bool:
        """Carry a statement of the backup out; False if what it makes is there."""
        (made,) = [each for each in self.plan.backed_up if statement_of(each) == statement]
        if made.kind != "keyspace" and not any(each.keyspace == made.keyspace for each in self.made):
            self.violations.append(f"{made} was made before its keyspace")
        is_new = made not in self.made
        self.made.add(made)
        return is_new

    def drop_object(self, dropped: SchemaObject) -> None:
        """Drop an object; a keyspace with all that is in it."""
        whole = dropped.kind == "keyspace"
        self.made = {
            each
            for each in self.made
            if each != dropped and not (whole and each.keyspace == dropped.keyspace)
        }

    def within(self, kind: str) -> list[SchemaWindow]:
        """Return what is so at present."""
        now_us = self._scheduler.now_us
        return [w for w in self.windows if w.kind == kind and w.begin_us <= now_us < w.end_us]

    def tables(self) -> dict[str, RecordedTable]:
        """Return the tables that are there."""
        return {
            key: RecordedTable(
                keyspace=key.split(":")[0],
                table=key.split(":")[1],
                id=directory.rpartition("-")[2],
                tombstone_gc=self.tombstone_gc[key],
            )
            for key, directory in self._tables.items()
            if not self.is_dropped(key)
        }

    def is_dropped(self, key: str) -> bool:
        """Whether somebody has dropped the table; who makes it again makes it as it was, views included."""
        names = sorted(self._tables)
        if all(names[window.table % len(names)] != key for window in self.within("table")):
            return False
        self.remade.add(key)
        self.tombstone_gc[key] = self.plan.tombstone_gc[key]
        for view in self.plan.views:
            if f"{view.keyspace}:{view.base_table}" == key:
                self.views.setdefault((view.keyspace, view.name), view)
        return True

    def create(self, view: RecordedView) -> None:
        """Create a view, which is built from then on."""
        key = (view.keyspace, view.name)
        if key not in self.views:
            self.views[key] = view
            self._built_us[key] = self._scheduler.now_us + int(self.random.random() ** 2 * 120 * SECOND_US)

    def drop(self, key: ViewKey) -> None:
        """Drop a view."""
        self.views.pop(key, None)

    def builds(self, keyspace: str, build_name: str) -> dict[str, str]:
        """Return how far the nodes are with a view: each is done at a moment of its own."""
        for key, view in self.views.items():
            if (view.keyspace, view.build_name) == (keyspace, build_name):
                left_us = self._built_us.get(key, 0) - self._scheduler.now_us
                return {
                    node: "SUCCESS"
                    if left_us <= 0
                    else "STARTED"
                    if left_us < 30 * SECOND_US * number
                    else "UNKNOWN"
                    for number, node in enumerate(self._members(), start=1)
                }
        return {}

    def unbuilt(self) -> list[str]:
        """Return the views that are not built on every node."""
        return [
            f"{key[0]}.{key[1]}" for key, at_us in self._built_us.items() if at_us > self._scheduler.now_us
        ]

    def loaded(self, key: str) -> None:
        """Note a load into a table whose tombstones are collected, or that has views to be written to."""
        if key in self.remade:
            return
        options = self.tombstone_gc[key]
        if options is not None and dict(options).get("mode") != "disabled":
            self.violations.append(f"a load into {key} began while its tombstones were collected")
        for view in self.views.values():
            if f"{view.keyspace}:{view.base_table}" == key and view.kind is not ViewKind.ALTERNATOR_LSI:
                self.violations.append(f"a load into {key} began while {view.name} was there")
