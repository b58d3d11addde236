"""Events in words that a person reads on one line."""

from scylla_restore.events.model.failure import Failure


def in_words(failure: Failure) -> str:
    """Return what failed and where: the message, after the node and the call where it does not name them itself."""
    places = (failure.node, failure.call)
    return ": ".join(
        [*(place for place in places if place and place not in failure.message), failure.message]
    )
