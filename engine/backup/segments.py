"""What may stand between two slashes of a path that a backup names."""

import re

from scylla_restore.engine.core.snapshot_tag import is_snapshot_tag

MAX_SEGMENT_LENGTH = 255
"""No file system of a node takes a longer name."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TABLE_ID = re.compile(r"[0-9a-f]{32}")


def is_segment(text: str) -> bool:
    """Whether the text can be one segment of a path: neither empty nor ``.`` nor ``..``, no slash, all printable."""
    return (
        0 < len(text) <= MAX_SEGMENT_LENGTH
        and text.isprintable()
        and "/" not in text
        and "\\" not in text
        and text not in {".", ".."}
    )


def is_uuid(text: str) -> bool:
    """Whether the text is a UUID in lower case with hyphens."""
    return _UUID.fullmatch(text) is not None


def is_table_id(text: str) -> bool:
    """Whether the text is a table's id as directories have it: 32 digits in lower case hexadecimal."""
    return _TABLE_ID.fullmatch(text) is not None


def split_tagged_name(name: str) -> tuple[str, str, str] | None:
    """Take ``task_<task>_tag_<tag>_<rest>`` apart into task, tag and rest."""
    match name.split("_", 5):
        case ["task", task, "tag", prefix, moment, rest]:
            tag = f"{prefix}_{moment}"
            return (task, tag, rest) if is_uuid(task) and is_snapshot_tag(tag) else None
        case _:
            return None
