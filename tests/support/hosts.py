"""Nodes and backups for tests of the core."""

from collections.abc import Iterable, Iterator

import msgspec

from scylla_restore.events.model import AnyEvent, locations, nodes
from scylla_restore.events.model.locations import DirectoryIndexed, SSTableShape
from scylla_restore.events.model.run import RunStarted
from scylla_restore.events.model.target import (
    BackupLocation,
    RestoreKind,
    RestoreTarget,
    Selection,
    Tuning,
)

CLUSTER = "prod"
LOCATION = BackupLocation(provider="s3", bucket="backups")
SHAPE = SSTableShape(version="me", format="big", components=("Data.db", "TOC.txt"))


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A node as it would answer; ``locations`` None is all of them, ``unreachable`` maps others to the agent's words."""

    address: str
    dc: str = "dc1"
    shards: int = 2
    transfers: int = 4
    bandwidth_rate: str = "off"
    compacting: bool = True
    locations: tuple[str, ...] | None = None
    unreachable: dict[str, str] = {}
    scylla_version: str = "2025.1.0"
    clock_skew_ms: int | None = None
    used: dict[str, int] = {}
    staging: tuple[str, ...] = ()
    uploads: tuple[str, ...] = ()
    native: dict[str, str] = {}
    native_refusals: dict[str, str] = {}
    user_ttl: int | None = None

    @property
    def discovered(self) -> nodes.DiscoveredNode:
        """Return the node as the cluster tells of it."""
        return nodes.DiscoveredNode(address=self.address, host_id=f"id-{self.address}", dc=self.dc, rack="r1")

    def joined(self, asked: tuple[str, ...]) -> nodes.NodeJoined:
        """Return its answer to being asked to take part."""
        return nodes.NodeJoined(
            node=self.address,
            host_id=f"id-{self.address}",
            dc=self.dc,
            rack="r1",
            shards=self.shards,
            scylla_version=self.scylla_version,
            agent_version="3.5.0",
            locations=asked if self.locations is None else self.locations,
            unreachable_locations=self.unreachable,
            clock_skew_ms=self.clock_skew_ms,
            native_endpoints=self.native,
            native_refusals=self.native_refusals,
        )

    def inspected(self) -> nodes.TablesInspected:
        """Return what it has of the tables."""
        return nodes.TablesInspected(
            node=self.address, used=self.used, staging=self.staging, uploads=self.uploads
        )

    def settings(self, tables: tuple[str, ...]) -> nodes.NodeSettingsRead:
        """Return how it is set."""
        return nodes.NodeSettingsRead(
            node=self.address,
            transfers=self.transfers,
            bandwidth_rate=self.bandwidth_rate,
            compaction=dict.fromkeys(tables, self.compacting),
            user_ttl=self.user_ttl,
        )


def native_hosts(*addresses: str, shards: int = 2, user_ttl: int | None = 60) -> tuple[Host, ...]:
    """Return hosts whose Scylla can restore by itself."""
    return tuple(
        Host(
            address=address,
            shards=shards,
            scylla_version="2026.1.0",
            native={LOCATION.key: "https://s3.example:443"},
            user_ttl=user_ttl,
        )
        for address in addresses
    )


def hosts(*addresses: str, shards: int = 2) -> tuple[Host, ...]:
    """Return hosts that differ by address only."""
    return tuple(Host(address=address, shards=shards) for address in addresses)


def directory(
    name: str,
    sizes: Iterable[int],
    *,
    ids: tuple[str, ...] | None = None,
    location: BackupLocation = LOCATION,
    suffixes: dict[str, dict[str, str]] | None = None,
    shape: SSTableShape = SHAPE,
    noted: bool = False,
) -> DirectoryIndexed:
    """Return a remote directory with SSTables of these sizes, all of table ``ks.<name>``; ``noted``: that was not listed."""
    all_sizes = tuple(sizes)
    return DirectoryIndexed(
        directory=name,
        location=location.key,
        path=f"backup/sst/{name}",
        dc="source",
        node_id="source-1",
        keyspace="ks",
        table=name,
        ids=ids or tuple(f"3g{name}-{number:04}" for number in range(len(all_sizes))),
        sizes=all_sizes,
        shapes=(shape,),
        suffixes=suffixes or {},
        data_sizes=all_sizes if noted else (),
    )


def locations_of(location: str, directories: Iterable[DirectoryIndexed]) -> Iterator[AnyEvent]:
    """Yield what indexing a location comes to."""
    yield locations.ManifestRead(
        location=location,
        path="manifest",
        sha256="ab" * 32,
        cluster_id="source",
        cluster_name="Old",
        dc="source",
        node_id="source-1",
        tables=1,
        size=1,
    )
    found = [d for d in directories if d.location == location]
    yield from found
    yield locations.LocationIndexed(
        location=location,
        directories=len(found),
        sstables=sum(len(d.ids) for d in found),
        size=sum(sum(d.sizes) for d in found),
    )


def run_started(where: tuple[BackupLocation, ...], tuning: Tuning) -> RunStarted:
    """Return a run's first event."""
    selection = Selection(
        kind=RestoreKind.TABLES, locations=where, snapshot_tag="sm_20260102030405UTC", keyspace=("ks",)
    )
    return RunStarted(
        target=RestoreTarget(selection=selection, tuning=tuning),
        cluster=CLUSTER,
        cluster_id="0d5a8a3c-0000-4000-8000-00000000000c",
        seed=7,
        started_by="ann",
        engine_version="1",
    )
