"""The tables that lie beside a log. A new kind of store is one more case here."""

from scylla_restore.events.log.cql import CqlLog
from scylla_restore.events.log.port import EventLog
from scylla_restore.events.log.sqlite import SQLiteLog
from scylla_restore.events.tables.cql import CqlTables
from scylla_restore.events.tables.port import ProjectionTables
from scylla_restore.events.tables.sqlite import SQLiteTables


def tables_beside(log: EventLog) -> ProjectionTables | None:
    """Return the tables that lie where the log lies; None for a log that has no place for them, as one in memory.

    They are to be closed before the log is.
    """
    match log:
        case SQLiteLog():
            return SQLiteTables(log)
        case CqlLog():
            return CqlTables(log, keyspace=log.address.tables)
        case _:
            return None
