"""SSTables, put together from the names of their files."""

import re
from collections.abc import Iterable

import msgspec

from scylla_restore.engine.core.sstable_names import KA, component_names, is_integer_id
from scylla_restore.engine.errors import BackupError
from scylla_restore.events.model.locations import SSTableShape

__all__ = ["VERSIONS", "SSTables", "component_names", "group_sstables", "is_integer_id"]

VERSIONS = frozenset({KA, "la", "mc", "md", "me", "ms", "mt"})
"""The versions of the format that ScyllaDB reads."""

_VERSIONS_FIRST = VERSIONS - {KA}

_USUAL_FORMAT = "big"
_USUAL_SEPARATOR = f"-{_USUAL_FORMAT}-"
_REQUIRED = ("Data.db", "TOC.txt")
_ID = re.compile(r"[A-Za-z0-9_]{1,64}")
_UUID_ID = re.compile(r"[0-9a-z]{4}_[0-9a-z]{4}_[0-9a-z]{18}")
_VERSION = re.compile(r"[A-Za-z]{2}")
_FORMAT = re.compile(r"[A-Za-z0-9_]{1,16}")
_COMPONENT = re.compile(r"[A-Za-z0-9_$][A-Za-z0-9_.$-]{0,63}")
_TEMPORARY = ".tmp"
_MAX_COMPONENTS = 64
_MAX_SETS = 100_000
_AT_ONCE = 1_000
"""So many SSTables' names fit into a processor's cache."""


class SSTables(msgspec.Struct, frozen=True, kw_only=True):
    """SSTables of one directory: position i of ``ids`` and ``shape_of`` is one of them."""

    ids: list[str]
    shape_of: list[int]
    shapes: list[SSTableShape]

    @property
    def is_plain(self) -> bool:
        """Whether all have one shape and ids that are never used again, so that no file of them has versions."""
        return len(self.shapes) == 1 and not any(map(str.isdecimal, self.ids))


class _ComponentSets:
    """The sets of components met so far, each with a number; 0 is the empty one.

    A step leads from a set to the one that has another component more. So an SSTable is one number while its files
    are counted, not a list of texts: there are millions of files, and only a few sets.
    """

    def __init__(self, what: str) -> None:
        self.steps: list[dict[str, int]] = [{}]
        self._what = what
        self._components: list[tuple[str, ...]] = [()]
        self._numbers: dict[tuple[str, ...], int] = {}

    def add_step(self, start: int, component: str) -> int:
        """Return the number of the set that has one component more, where no step leads to it yet."""
        components = tuple(sorted((*self._components[start], component)))
        number = self._numbers.get(components)
        if number is None:
            if len(components) > _MAX_COMPONENTS or len(self.steps) > _MAX_SETS:
                raise BackupError(
                    f"{self._what} holds too many kinds of files to be a table's: {components[:3]}…"
                )
            number = self._numbers[components] = len(self.steps)
            self.steps.append({})
            self._components.append(components)
        self.steps[start][component] = number
        return number

    def components(self, number: int) -> tuple[str, ...]:
        """Return the components of a set, sorted; one that was met twice is there twice."""
        return self._components[number]


def _problem(components: tuple[str, ...]) -> str | None:
    """Return what is wrong with an SSTable of these components, if anything."""
    for component in components:
        if not _COMPONENT.fullmatch(component) or component.endswith(_TEMPORARY):
            return f"{component!r} is no component of a finished SSTable"
    if len(set(components)) < len(components):
        return "a file of it is listed twice"
    missing = [component for component in _REQUIRED if component not in components]
    return f"it has no {' and no '.join(missing)}" if missing else None


def group_sstables(names: Iterable[str], *, keyspace: str, table: str, what: str) -> SSTables:
    """Put the files of a directory's SSTables together.

    ``what`` names the directory in errors.

    Raises:
        BackupError: a name is no SSTable component's, or an SSTable is not whole.
    """
    names = list(names)
    return _group_in_order(names) or _group_in_any_order(names, keyspace, table, what)


def _group_in_order(names: list[str]) -> SSTables | None:
    """Group names that stand SSTable by SSTable, all with the same components, as Scylla Manager writes them.

    That takes a few steps for a million names, each over all of them at once. Return None for other names, and for
    those in which something is wrong: the other way says what.
    """
    if not names:
        return None
    head, separator, _ = names[0].partition(_USUAL_SEPARATOR)
    start = f"{head}{separator}"
    some = names[: _MAX_COMPONENTS + 1]
    count = next((n for n, name in enumerate(some) if not name.startswith(start)), len(some))
    if not count or len(names) % count:
        return None
    suffixes = [name[len(head) :] for name in names[:count]]
    heads = [name[: -len(suffixes[0])] for name in names[::count]]
    for first in range(0, len(heads), _AT_ONCE):
        some = [head + suffix for head in heads[first : first + _AT_ONCE] for suffix in suffixes]
        if some != names[first * count : first * count + len(some)]:
            return None
    version, _, _ = head.partition("-")
    prefix = f"{version}-"
    ids = [head[len(prefix) :] for head in heads]
    components = tuple(sorted(suffix[len(separator) :] for suffix in suffixes))
    is_sound = (
        version in _VERSIONS_FIRST
        and re.fullmatch(rf"(?:{prefix}{_ID.pattern}\n)*+", "\n".join([*heads, ""])) is not None
        and len(set(ids)) == len(ids)
        and _problem(components) is None
    )
    if not is_sound:
        return None
    shape = SSTableShape(version=version, format=_USUAL_FORMAT, components=components)
    return SSTables(ids=ids, shape_of=[0] * len(ids), shapes=[shape])


def _group_in_any_order(names: list[str], keyspace: str, table: str, what: str) -> SSTables:
    sets = _ComponentSets(what)
    steps = sets.steps
    usual: dict[str, int] = {}
    unusual: list[str] = []
    for name in names:
        head, separator, component = name.partition(_USUAL_SEPARATOR)
        if separator:
            start = usual.get(head, 0)
            usual[head] = steps[start].get(component) or sets.add_step(start, component)
        else:
            unusual.append(name)
    groups: dict[tuple[str, str, str], int] = {}
    for head, number in usual.items():
        version, _, sstable_id = head.partition("-")
        if _is_readable(version, sstable_id):
            groups[version, sstable_id, _USUAL_FORMAT] = number
        else:
            unusual += [f"{head}{_USUAL_SEPARATOR}{component}" for component in sets.components(number)]
    for name in unusual:
        version, sstable_id, format_, component = _take_apart(name, keyspace, table, what)
        start = groups.get((version, sstable_id, format_), 0)
        groups[version, sstable_id, format_] = steps[start].get(component) or sets.add_step(start, component)
    return _pack(groups, sets, what)


def _pack(groups: dict[tuple[str, str, str], int], sets: _ComponentSets, what: str) -> SSTables:
    shape_of: dict[str, int] = {}
    shapes: dict[SSTableShape, int] = {}
    position_of: dict[tuple[str, str, int], int] = {}
    for (version, sstable_id, format_), number in groups.items():
        if sstable_id in shape_of:
            raise BackupError(f"{what}: SSTable {sstable_id} has files of several versions or formats")
        position = position_of.get((version, format_, number))
        if position is None:
            components = sets.components(number)
            problem = _problem(components)
            if problem is not None:
                raise BackupError(f"{what}: SSTable {sstable_id} is not whole: {problem}")
            shape = SSTableShape(version=version, format=format_, components=components)
            position = position_of[version, format_, number] = shapes.setdefault(shape, len(shapes))
        shape_of[sstable_id] = position
    return SSTables(ids=list(shape_of), shape_of=list(shape_of.values()), shapes=list(shapes))


def _is_readable(version: str, sstable_id: str) -> bool:
    """Whether ScyllaDB may read it; Scylla Manager lets versions pass that it does not know, with UUID ids."""
    if version in _VERSIONS_FIRST:
        return _ID.fullmatch(sstable_id) is not None
    return _VERSION.fullmatch(version) is not None and _UUID_ID.fullmatch(sstable_id) is not None


def _take_apart(name: str, keyspace: str, table: str, what: str) -> tuple[str, str, str, str]:
    """Return version, id, format and component of a name that may be anything."""
    old_prefix = f"{keyspace}-{table}-{KA}-"
    if name.startswith(old_prefix):
        sstable_id, _, component = name.removeprefix(old_prefix).partition("-")
        if is_integer_id(sstable_id):
            return KA, sstable_id, "", component
    match name.split("-", 3):
        case [version, sstable_id, format_, component] if _is_readable(version, sstable_id):
            if _FORMAT.fullmatch(format_):
                return version, sstable_id, format_, component
        case [version, sstable_id, _, _] if _VERSION.fullmatch(version) and _ID.fullmatch(sstable_id):
            raise BackupError(
                f"{what}: {name!r} is of an unknown SSTable version",
                hint=f"ScyllaDB reads the versions {', '.join(sorted(VERSIONS))}",
            )
        case _:
            pass
    raise BackupError(f"{what}: {name!r} is not the name of an SSTable's file")
