"""What goes where under another name: data centres, keyspaces, tables."""

import re
from collections.abc import Collection, Iterable

from scylla_restore.engine.core.table_name import TableName
from scylla_restore.engine.errors import TargetError

Pairs = tuple[tuple[str, str], ...]

_KEYSPACE = re.compile(r"[A-Za-z0-9_]+")
_KEYSPACE_AND_TABLE = re.compile(r"[A-Za-z0-9_]+\.[A-Za-z0-9_.-]+")


def _pairs(texts: Iterable[str], what: str, hint: str) -> list[tuple[str, str]]:
    pairs = []
    for text in texts:
        for part in text.split(","):
            source, separator, target = (piece.strip() for piece in part.partition("="))
            if not (source and separator and target) or "=" in target:
                raise TargetError(f"{part.strip()!r} is not a {what}", hint=hint)
            pairs.append((source, target))
    return pairs


def _refuse_repetition(names: Iterable[str], what: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise TargetError(f"{what} {name} is named twice")
        seen.add(name)


def parse_dc_mapping(texts: Iterable[str]) -> Pairs:
    """Read ``source=target`` pairs of DCs; several sources may go to one target, which merges them.

    Raises:
        TargetError: a pair is malformed, or a source DC is named twice.
    """
    pairs = _pairs(texts, "DC mapping", "write source=target, comma-separated, such as dc1=eu,dc2=us")
    _refuse_repetition((source for source, _ in pairs), "in the DC mapping, source DC")
    return tuple(pairs)


def check_dc_mapping(pairs: Pairs, source_dcs: Collection[str], target_dcs: Collection[str]) -> None:
    """Hold a mapping against the DCs that there are.

    Raises:
        TargetError: it names one that is not in the backup, or not in the cluster.
    """
    for source, target in pairs:
        if source not in source_dcs:
            raise TargetError(
                f"the DC mapping names DC {source}, which the backup does not have",
                hint=f"the backup has {', '.join(sorted(source_dcs))}",
            )
        if target not in target_dcs:
            raise TargetError(
                f"the DC mapping names DC {target}, which the cluster does not have",
                hint=f"the cluster has {', '.join(sorted(target_dcs))}",
            )


def parse_rename(texts: Iterable[str]) -> Pairs:
    """Read ``ks=other_ks`` and ``ks.table=other_ks.other_table`` pairs.

    Raises:
        TargetError: a pair is malformed, a source is named twice, or two sources would become one.
    """
    hint = "write ks=other_ks or ks.table=other_ks.other_table, comma-separated"
    pairs = _pairs(texts, "renaming", hint)
    for source, target in pairs:
        form = _KEYSPACE_AND_TABLE if "." in source else _KEYSPACE
        if not (form.fullmatch(source) and form.fullmatch(target)):
            raise TargetError(
                f"{source}={target} does not rename a keyspace to a keyspace or a table to a table", hint=hint
            )
        if source == target:
            raise TargetError(f"{source}={target} renames nothing", hint=hint)
    _refuse_repetition((source for source, _ in pairs), "in the renaming, source")
    _refuse_repetition((target for _, target in pairs), "in the renaming, target")
    return tuple(pairs)


def renamed(table: TableName, rename: Pairs) -> TableName:
    """Return where a table of the backup goes; a renaming of the table wins over one of its keyspace."""
    names = dict(rename)
    whole = names.get(str(table))
    if whole is not None:
        keyspace, _, name = whole.partition(".")
        return TableName(keyspace, name)
    return TableName(names.get(table.keyspace, table.keyspace), table.table)
