"""What is left of a simulation when it is over, for the checkers to look at."""

import msgspec
from tests.simulation.simulator.backup import Backup
from tests.simulation.simulator.cluster import SimCluster
from tests.simulation.simulator.log import Appended
from tests.simulation.simulator.process import Process
from tests.simulation.simulator.projected import Projected
from tests.simulation.simulator.scenario import Scenario

from scylla_restore.events.envelope import Envelope, StoredRecord


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine held in its memory after the record ``seq``: its state, as a checkpoint keeps it."""

    process: str
    run: str
    seq: int
    state: bytes


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """The record, the world, and what the engines believed."""

    scenario: Scenario
    run: str
    records: list[StoredRecord]
    envelopes: list[Envelope]
    appended: list[Appended]
    cluster: SimCluster
    backup: Backup
    processes: list[Process]
    snapshots: list[Snapshot]
    projected: Projected
    calm: bool
    """Whether nothing was made to go wrong: then nothing may have gone wrong."""
