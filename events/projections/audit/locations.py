"""What the backup holds, and from which manifests that is known."""

from typing import assert_never

from scylla_restore.events.envelope import Envelope
from scylla_restore.events.model import LocationEvent, locations
from scylla_restore.events.projections.audit.state import AuditState, ManifestRecord


def apply_location_event(state: AuditState, event: LocationEvent, envelope: Envelope) -> None:
    """Fold an event about a location."""
    match event:
        case locations.ManifestRead():
            state.manifests.setdefault(event.location, {})[event.path] = ManifestRecord(
                path=event.path,
                sha256=event.sha256,
                cluster_id=event.cluster_id,
                cluster_name=event.cluster_name,
                dc=event.dc,
                node_id=event.node_id,
                tables=event.tables,
                size=event.size,
            )
        case locations.DirectoryIndexed():
            state.catalogue.add(event)
        case locations.LocationIndexed():
            state.catalogue.complete(event)
            state.skipped[event.location] = event.skipped
        case locations.LocationFailed():
            state.note_failure(envelope, event.failure)
        case (
            locations.LocationOpened()
            | locations.LocationVerified()
            | locations.LocationUnanswered()
            | locations.LocationAnswered()
        ):
            pass
        case _:
            assert_never(event)
