"""How events about the backup change the state."""

from typing import assert_never

from scylla_restore.engine.core.state import RunState
from scylla_restore.events.model import LocationEvent, locations


def fold_location(state: RunState, event: LocationEvent) -> None:
    """Fold one event about a location."""
    match event:
        case locations.DirectoryIndexed():
            state.workload.add(event)
        case locations.LocationOpened():
            location = state.locations[event.location]
            location.manifests = event.manifests
            location.clusters, location.tasks, location.dcs = event.clusters, event.tasks, event.dcs
            location.nearest = event.nearest
        case locations.ManifestRead():
            location = state.locations[event.location]
            location.read[event.path] = event.sha256
            location.versions.add(event.scylla_version)
        case locations.LocationIndexed():
            location = state.locations[event.location]
            location.indexed = location.verified = True
            location.skipped = event.skipped
            state.workload.close_location(event.location)
        case locations.LocationVerified():
            state.locations[event.location].verified = True
        case locations.LocationUnanswered() | locations.LocationAnswered():
            pass
        case locations.LocationFailed():
            state.refusal = (event.failure, event.exit_code)
        case _:
            assert_never(event)
