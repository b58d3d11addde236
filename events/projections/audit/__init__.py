"""The projection behind an audit: what was restored where, from which files, by whom, when. A module a topic folds it."""

from scylla_restore.events.projections.audit.fold import apply
from scylla_restore.events.projections.audit.state import AuditState
from scylla_restore.events.projections.audit.summary import AuditSummary, summary

__all__ = ["AuditState", "AuditSummary", "apply", "summary"]
