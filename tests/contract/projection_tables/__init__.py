"""What every store of projected tables has to do: it is done when its test class is green with no test removed."""

from tests.contract.projection_tables.concurrency import Concurrency
from tests.contract.projection_tables.following import Following
from tests.contract.projection_tables.large import Large
from tests.contract.projection_tables.store import OpenTables, Store
from tests.contract.projection_tables.writing import Writing

__all__ = ["OpenTables", "ProjectionTablesContract", "Store"]


class ProjectionTablesContract(Writing, Following, Large, Concurrency):
    """All of the contract."""
