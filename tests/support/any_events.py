"""Hypothesis strategies for anything that can be in a log, made from the events' own types."""

from datetime import UTC

import msgspec
from hypothesis import strategies as st

from scylla_restore.events.codec import EVENT_TYPES
from scylla_restore.events.model import AnyEvent

_INTEGERS = st.integers(min_value=-(2**63), max_value=2**63 - 1)
_TIMES = st.datetimes(timezones=st.just(UTC))


def any_event() -> st.SearchStrategy[AnyEvent]:
    """Any event of any kind, every field of it anything that its type allows."""
    return st.sampled_from(EVENT_TYPES).flatmap(any_event_of)


def any_event_of(kind: type[AnyEvent]) -> st.SearchStrategy[AnyEvent]:
    """Any event of one kind."""
    return st.builds(kind, **_fields(msgspec.inspect.type_info(kind)))


def _fields(info: msgspec.inspect.Type) -> dict[str, st.SearchStrategy[object]]:
    assert isinstance(info, msgspec.inspect.StructType)
    return {field.name: _values(field.type) for field in info.fields}


def _values(info: msgspec.inspect.Type) -> st.SearchStrategy[object]:
    match info:
        case msgspec.inspect.StructType(cls=struct):
            return st.builds(struct, **_fields(info))
        case msgspec.inspect.UnionType(types=types):
            return st.one_of(*(_values(each) for each in types))
        case msgspec.inspect.VarTupleType(item_type=item):
            return st.lists(_values(item), max_size=4).map(tuple)
        case msgspec.inspect.TupleType(item_types=items):
            return st.tuples(*(_values(item) for item in items))
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            return st.dictionaries(_values(key), _values(value), max_size=4)
        case _:
            return _simple(info)


def _simple(info: msgspec.inspect.Type) -> st.SearchStrategy[object]:
    match info:
        case msgspec.inspect.EnumType(cls=enum):
            return st.sampled_from(enum)
        case msgspec.inspect.StrType():
            return st.text()
        case msgspec.inspect.IntType():
            return _INTEGERS
        case msgspec.inspect.BoolType():
            return st.booleans()
        case msgspec.inspect.DateTimeType():
            return _TIMES
        case msgspec.inspect.NoneType():
            return st.none()
        case _:
            raise NotImplementedError(f"no strategy for {info}")
