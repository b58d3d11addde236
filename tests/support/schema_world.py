"""A cluster's schema in memory: it carries out as much of CQL as schemas, and tests of them, are written in.

It passes the suite that the real gateways pass. What the statements say beyond names, bases and ``tombstone_gc`` is kept and
not looked at.
"""

import hashlib
from collections.abc import Container, Iterator, MutableMapping
from typing import TypeVar

import msgspec

from scylla_restore.engine.core.cql import (
    TokenKind,
    if_not_exists,
    presentable,
    split_statements,
    tokens,
    unquoted,
)
from scylla_restore.engine.errors import SchemaObjectExists, SchemaObjectMissing, SchemaRefused
from scylla_restore.events.model.schema import SchemaObject, TombstoneGc

K = TypeVar("K")
V = TypeVar("V")

Name = tuple[str, str]
"""Keyspace and name, as stored."""


class Table(msgspec.Struct, kw_only=True):
    """A table; of Alternator's also what it was created with."""

    id: str
    tombstone_gc: TombstoneGc = ()
    rows: int = 0


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A view or index, and what creates it."""

    base: str
    statement: str


class AlternatorTable(msgspec.Struct, kw_only=True):
    """A table of Alternator; indexes by name with the JSON that creates them, as far as anything does."""

    gsis: dict[str, str] = {}
    lsis: tuple[str, ...] = ()


class SchemaWorld:
    """The cluster. Whatever happens to it happens to all gateways at once."""

    def __init__(self, *, knows_tombstone_gc: bool = True, offers_alternator: bool = False) -> None:
        self.knows_tombstone_gc = knows_tombstone_gc
        self.offers_alternator = offers_alternator
        self.keyspaces: dict[str, None] = {}
        self.tables: dict[Name, Table] = {}
        self.views: dict[Name, View] = {}
        self.indexes: dict[Name, View] = {}
        self.others: dict[SchemaObject, None] = {}
        self.alternator: dict[str, AlternatorTable] = {}
        self.lagging: set[str] = set()
        """Versions of nodes that have not heard of the newest."""
        self.changes = 0

    @property
    def version(self) -> str:
        """The schema's newest version."""
        return digest("version", self.changes)

    def execute(self, text: str) -> None:
        """Carry out statements of CQL, one after another.

        Raises:
            SchemaRefused: one of them cannot be carried out.
        """
        for statement in split_statements(text):
            _Statement(self, statement).carry_out()
            self.changes += 1

    def objects(self) -> Iterator[SchemaObject]:
        """Yield all there is."""
        for keyspace in self.keyspaces:
            yield SchemaObject(keyspace=keyspace, kind="keyspace", name=keyspace)
        for kind, those in (("table", self.tables), ("view", self.views), ("index", self.indexes)):
            for keyspace, name in those:
                yield SchemaObject(keyspace=keyspace, kind=kind, name=name)
        yield from self.others

    def drop_keyspace(self, keyspace: str) -> None:
        """Drop it with all that is in it."""
        self.keyspaces.pop(keyspace, None)
        named: tuple[MutableMapping[Name, Table] | MutableMapping[Name, View], ...]
        named = (self.tables, self.views, self.indexes)
        for those in named:
            for name in [name for name in those if name[0] == keyspace]:
                del those[name]
        self.others = {each: None for each in self.others if each.keyspace != keyspace}


class _Statement:
    """One statement, read from left to right."""

    def __init__(self, world: SchemaWorld, text: str) -> None:
        self._world = world
        self._text = text
        idle = (TokenKind.SPACE, TokenKind.COMMENT)
        self._tokens = [token for token in tokens(text) if token.kind not in idle]
        self._position = 0

    def carry_out(self) -> None:
        match self._word():
            case "CREATE":
                self._create()
            case "ALTER":
                self._alter()
            case "DROP":
                self._drop()
            case "INSERT":
                self._expect("INTO")
                self._table(self._full_name()).rows += 1
            case _:
                raise self._refused("syntax error")

    def _create(self) -> None:
        for word in ("OR", "REPLACE", "CUSTOM"):
            self._skip(word)
        kind = self._kind()
        lenient = self._skip("IF", "NOT", "EXISTS")
        if kind == "keyspace":
            self._add(self._world.keyspaces, self._name(), None, lenient=lenient)
        elif kind == "table":
            name = self._name_in_keyspace()
            self._add(self._world.tables, name, self._new_table(name), lenient=lenient)
        elif kind == "view":
            name = self._name_in_keyspace()
            self._seek("FROM")
            self._add(self._world.views, name, self._view(self._full_name()), lenient=lenient)
        elif kind == "index":
            self._create_index(lenient=lenient)
        else:
            keyspace, own = self._name_in_keyspace()
            made = SchemaObject(keyspace=keyspace, kind=kind, name=own)
            # Functions of one name differ in their arguments.
            self._add(self._world.others, made, None, lenient=lenient or kind != "type")

    def _create_index(self, *, lenient: bool) -> None:
        name = None if self._peek() == "ON" else self._name()
        self._expect("ON")
        keyspace, base = self._full_name()
        column = next(token.text for token in self._tokens[self._position :] if token.text not in "()")
        name = name or f"{base}_{column}_idx"
        self._add(self._world.indexes, (keyspace, name), self._view((keyspace, base)), lenient=lenient)

    def _alter(self) -> None:
        self._expect("TABLE")
        name = self._full_name()
        self._expect("WITH")
        if self._word() == "TOMBSTONE_GC":
            if not self._world.knows_tombstone_gc:
                raise self._refused("Unknown property 'tombstone_gc'")
            self._table(name).tombstone_gc = self._map()
        else:
            self._table(name)

    def _drop(self) -> None:
        kind = self._kind()
        lenient = self._skip("IF", "EXISTS")
        if kind == "keyspace":
            keyspace = self._name()
            self._must_be_in(self._world.keyspaces, keyspace, lenient=lenient)
            self._world.drop_keyspace(keyspace)
            return
        keyspace, own = name = self._full_name()
        world = self._world
        if kind in ("view", "index"):
            those = world.views if kind == "view" else world.indexes
            if self._must_be_in(those, name, lenient=lenient):
                del those[name]
        elif kind == "table":
            if any(view.base == own and where == keyspace for (where, _), view in world.views.items()):
                raise self._refused("cannot drop a table when materialized views still depend on it")
            if self._must_be_in(world.tables, name, lenient=lenient):
                del world.tables[name]
            world.indexes = {
                each: index for each, index in world.indexes.items() if (each[0], index.base) != name
            }
        else:
            made = SchemaObject(keyspace=keyspace, kind=kind, name=own)
            if self._must_be_in(world.others, made, lenient=lenient):
                del world.others[made]

    def _new_table(self, name: Name) -> Table:
        table = Table(id=digest(*name, self._world.changes))
        words = [token.text.upper() for token in self._tokens]
        for place, word in enumerate(words[:-2]):
            if word == "ID" and words[place - 1] in ("WITH", "AND"):
                table.id = "".join(words[place + 2 :]).split("AND")[0].lower().replace("-", "")[:32]
            if word == "TOMBSTONE_GC":
                self._position = place + 1
                table.tombstone_gc = self._map()
        return table

    def _view(self, base: Name) -> View:
        self._table(base)
        return View(base=base[1], statement=f"{if_not_exists(self._text)};")

    def _table(self, name: Name) -> Table:
        self._must_be_in(self._world.tables, name, lenient=False)
        return self._world.tables[name]

    def _name_in_keyspace(self) -> Name:
        name = self._full_name()
        self._must_be_in(self._world.keyspaces, name[0], lenient=False)
        return name

    def _add(self, those: dict[K, V], name: K, value: V, *, lenient: bool) -> None:
        if name not in those:
            those[name] = value
        elif not lenient:
            raise SchemaObjectExists(f"{name} already exists", statement=presentable(self._text))

    def _must_be_in(self, those: Container[K], name: K, *, lenient: bool) -> bool:
        if name in those:
            return True
        if lenient:
            return False
        raise SchemaObjectMissing(f"{name} doesn't exist", statement=presentable(self._text))

    def _kind(self) -> str:
        if self._skip("MATERIALIZED"):
            self._expect("VIEW")
            return "view"
        kind = self._word().lower()
        if kind not in ("keyspace", "table", "index", "type", "function", "aggregate"):
            raise self._refused(f"syntax error at {kind!r}")
        return kind

    def _full_name(self) -> Name:
        keyspace = self._name()
        self._expect(".")
        return keyspace, self._name()

    def _name(self) -> str:
        token = self._tokens[self._position] if self._position < len(self._tokens) else None
        self._position += 1
        if token is not None and token.kind is TokenKind.WORD:
            return token.text.lower()
        if token is not None and token.kind is TokenKind.QUOTED_NAME:
            return unquoted(token.text)
        raise self._refused("syntax error: a name is wanted")

    def _map(self) -> TombstoneGc:
        """Read ``= {'a': 'b', …}`` from here on."""
        values: list[str] = []
        for token in self._tokens[self._position :]:
            if token.text == "}":
                break
            if token.kind is TokenKind.LITERAL:
                values.append(token.text[1:-1].replace("''", "'"))
        return tuple(sorted(zip(values[::2], values[1::2], strict=True)))

    def _seek(self, word: str) -> None:
        while self._peek() and not self._skip(word):
            self._position += 1

    def _expect(self, word: str) -> None:
        if not self._skip(word):
            raise self._refused(f"syntax error: {word} is wanted")

    def _skip(self, *words: str) -> bool:
        following = [token.text.upper() for token in self._tokens[self._position :][: len(words)]]
        if following != list(words):
            return False
        self._position += len(words)
        return True

    def _word(self) -> str:
        word = self._peek()
        self._position += 1
        return word

    def _peek(self) -> str:
        return self._tokens[self._position].text.upper() if self._position < len(self._tokens) else ""

    def _refused(self, why: str) -> SchemaRefused:
        return SchemaRefused(f"the cluster refuses: {why}", statement=presentable(self._text))


def digest(*parts: object) -> str:
    """Return 32 hexadecimal digits that are the same for the same parts."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:32]
