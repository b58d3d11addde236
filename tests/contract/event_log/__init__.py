"""What every store of the log has to do: a store is done when its test class is green with no test removed.

A store's whole test file is a class that inherits ``EventLogContract``, says where its logs come from, and declares
what its kind of store cannot do.
"""

from tests.contract.event_log.appending import Appending
from tests.contract.event_log.beside import BesideTheChain
from tests.contract.event_log.concurrency import Concurrency
from tests.contract.event_log.ownership import Ownership
from tests.contract.event_log.reading import Reading
from tests.contract.event_log.store import OpenStore, Store

__all__ = ["EventLogContract", "OpenStore", "Store"]


class EventLogContract(Appending, Reading, Ownership, BesideTheChain, Concurrency):
    """All of the contract."""
