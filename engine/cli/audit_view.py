"""An audit as a person reads it."""

from scylla_restore.engine.cli.output import at_text
from scylla_restore.engine.cli.tables import column_lines
from scylla_restore.engine.cli.units import bytes_text
from scylla_restore.events.audit import AuditReport
from scylla_restore.events.projections.audit import AuditSummary

_FAILURES_SHOWN = 20


def audit_lines(report: AuditReport) -> list[str]:
    """Return the verdict first, then what the record says."""
    return [
        *_verdict(report),
        "",
        *_run(report.summary),
        "",
        *_sources(report.summary),
        "",
        *_tables(report.summary),
        "",
        *_nodes(report.summary),
        "",
        *_actions(report.summary),
        *_failures(report.summary),
        *_alterations(report.summary),
    ]


def _verdict(report: AuditReport) -> list[str]:
    if report.ok:
        verdict = f"the record is intact: {report.events} events"
    else:
        verdict = f"THE RECORD IS NOT INTACT: {report.events} events, the first that does not fit is {report.first_bad_seq}"
    unknown = (
        [f"{report.unknown} events are of a kind that is newer than this program"] if report.unknown else []
    )
    problems = [f"  record {problem.seq}: {problem.problem}" for problem in report.problems]
    return [verdict, f"head {report.head_hash}", *unknown, *problems]


def _run(summary: AuditSummary) -> list[str]:
    tag = "-" if summary.target is None else summary.target.selection.snapshot_tag
    sstables = f"{summary.restored_sstables} of {summary.sstables} SSTables"
    natively = sum(node.native_sstables for node in summary.nodes)
    sstables += f" ({natively} by Scylla itself)" if natively else ""
    size = f"{bytes_text(summary.restored_size)} of {bytes_text(summary.size)}"
    return [
        f"run        {summary.run_id}",
        f"state      {summary.state.value}",
        f"by         {summary.started_by}",
        f"from       {at_text(summary.started_at)} to {at_text(summary.ended_at)}",
        f"snapshot   {tag}",
        f"into       {summary.cluster} (cluster {summary.target_cluster or '-'}, id {summary.cluster_id})",
        f"restored   {sstables}, {size}, in {summary.batches} batches",
        f"with       scylla-restore {', '.join(summary.engine_versions)}",
    ]


def _sources(summary: AuditSummary) -> list[str]:
    lines = []
    for location in summary.locations:
        lines.append(f"manifests in {location.location}:")
        lines += [f"  sha256 {manifest.sha256}  {manifest.path}" for manifest in location.manifests]
    return lines or ["no manifest was read"]


def _tables(summary: AuditSummary) -> list[str]:
    rows = [
        (
            f"{table.keyspace}.{table.table}",
            f"{table.restored_sstables}/{table.sstables}",
            f"{bytes_text(table.restored_size)} of {bytes_text(table.size)}",
            str(table.batches),
            str(table.failures),
        )
        for table in summary.tables
    ]
    skipped = [f"skipped {table.keyspace}.{table.table}: {table.reason}" for table in summary.skipped]
    return [*column_lines(("TABLE", "SSTABLES", "RESTORED", "BATCHES", "FAILURES"), rows), *skipped]


def _nodes(summary: AuditSummary) -> list[str]:
    rows = [
        (
            node.node,
            node.host_id or "-",
            node.dc or "-",
            str(node.sstables),
            bytes_text(node.size),
            str(node.batches),
            str(node.failures),
        )
        for node in summary.nodes
    ]
    return column_lines(("NODE", "HOST ID", "DC", "SSTABLES", "RESTORED", "BATCHES", "FAILURES"), rows)


def _actions(summary: AuditSummary) -> list[str]:
    lines = [
        f"{at_text(action.at)}  {action.what}{f', by {action.by}' if action.by else ''}"
        for action in summary.actions
    ]
    return [*lines, f"… and {summary.actions_untold} more"] if summary.actions_untold else lines


def _failures(summary: AuditSummary) -> list[str]:
    failures = summary.failures
    if not failures.total:
        return []
    lines = ["", f"{failures.total} failures:"]
    for failure in failures.first[:_FAILURES_SHOWN]:
        batch = "" if failure.batch is None else f"batch {failure.batch}, attempt {failure.attempt}: "
        lines.append(f"{at_text(failure.at)}  record {failure.seq}: {batch}{failure.message}")
    more = failures.total - min(len(failures.first), _FAILURES_SHOWN)
    return [*lines, f"… and {more} more"] if more else lines


def _alterations(summary: AuditSummary) -> list[str]:
    alterations = summary.alterations
    lines = ["", f"alterations of the cluster: {alterations.made} made, {alterations.undone} undone"]
    return lines + [f"  STILL OPEN on {entry.node}: {entry.what}" for entry in alterations.open]
