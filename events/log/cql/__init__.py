"""The log in ScyllaDB or Apache Cassandra.

log.py        the store itself
buckets.py    how a run's log lies in partitions, and why only its owner can write to it
owning.py     claiming a run, and writing as its owner      reading.py    records in order
groups.py     records in rows                               beside.py     requests, checkpoints
tables.py     the statements                                schema.py     the tables
session.py    executing statements                          driver.py     the driver's set-up and errors
address.py    ``cql://…``
"""

from scylla_restore.events.log.cql.address import CqlAddress, parse_address
from scylla_restore.events.log.cql.log import CqlLog

__all__ = ["CqlAddress", "CqlLog", "parse_address"]
