"""Bounds on everything: how much at once, how often, how long. Times are seconds."""

STAGED_PER_NODE = 3
"""Batches that wait on a node between its two lanes: enough that neither lane idles when they differ in speed."""

FILES_PER_BATCH = 10_000
"""As many names as Scylla Manager puts into one request to an agent."""

ATTEMPTS_PER_NODE = 3
"""A batch that failed this often on each node that can reach it fails the run."""

CHECKS = 3
"""How often in a row a location is asked for a batch's files before its silence fails the run."""

NATIVE_FAILURES = 3
"""Native restores in a row that may fail on a node before it downloads instead, where that was left to us."""

USER_TTL_S = 12 * 3600
"""For how long a node's Scylla has to know of its finished tasks: an engine that died at night is resumed in the morning."""

NODE_GIVEN_UP = 8
"""Failures in a row after which nobody waits for a node any more; it is still asked now and then."""

JOIN_ATTEMPTS = 3
"""How often a node is asked to take part before a new run is refused."""

ACTOR_CRASHES = 5
"""Crashes of our own actors after which the engine stops replacing them."""

UNDO_ATTEMPTS = 3
"""How often an undo is tried before the run ends with the alteration left in the ledger."""

REPAIR_ATTEMPTS = 3
"""A unit of the repair that failed so often fails the run."""

SUSPEND_BASE_S = 2.0
SUSPEND_MAX_S = 300.0
SPACE_BASE_S = 15.0

SHARE_OF_WORK = 0.05
"""The largest batch, as a share of what the node is expected to restore in all."""

SHARE_OF_REST = 0.25
"""A batch, as a share of what the node is expected to restore from now on: batches shrink towards the end."""

MIN_FREE_PERCENT = 10
"""What has to stay free on a node's disk, in percent, as Scylla Manager keeps it."""
