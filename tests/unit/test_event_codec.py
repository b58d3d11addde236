"""Events as bytes, and old versions in today's terms."""

import json
from datetime import UTC, datetime
from typing import ClassVar

import msgspec
import pytest

from scylla_restore.events.codec import EVENT_TYPES, Codec, decode, encode
from scylla_restore.events.errors import UnknownEvent, UnreadableEvent, UnwritableEvent
from scylla_restore.events.model import Event
from scylla_restore.events.model.batches import BatchReturned
from scylla_restore.events.model.locations import LocationVerified
from scylla_restore.events.model.nodes import NodeSettingsRead
from scylla_restore.events.upcast import JsonObject, Upcast


class SongSung(Event, frozen=True, kw_only=True):
    """In version 1 its title was called ``name``, in version 2 its length was in minutes."""

    TAG: ClassVar[str] = "SongSung"
    VERSION: ClassVar[int] = 3
    title: str
    seconds: int
    refrain: str = "la la"


class DanceDanced(Event, frozen=True, kw_only=True):
    """Was called ``JigDanced`` once."""

    TAG: ClassVar[str] = "DanceDanced"
    steps: int


def _title(data: JsonObject) -> JsonObject:
    return {"title": data.pop("name"), **data}


def _seconds(data: JsonObject) -> JsonObject:
    minutes = data.pop("minutes")
    assert isinstance(minutes, int)
    return {"seconds": minutes * 60, **data}


def _unchanged(data: JsonObject) -> JsonObject:
    return data


UPCASTS = (
    Upcast(tag="SongSung", version=1, change=_title),
    Upcast(tag="SongSung", version=2, change=_seconds),
    Upcast(tag="JigDanced", version=4, change=_unchanged, to_tag="DanceDanced", to_version=1),
)
MUSIC: Codec[SongSung | DanceDanced] = Codec((SongSung, DanceDanced), UPCASTS)


def test_equal_events_are_equal_bytes_in_canonical_json() -> None:
    event = NodeSettingsRead(
        node="näh", transfers=2, bandwidth_rate="off", compaction={"b:z": True, "a:z": False}, cpus=(2, 1)
    )
    twin = NodeSettingsRead(
        cpus=(2, 1), compaction={"a:z": False, "b:z": True}, bandwidth_rate="off", transfers=2, node="näh"
    )
    expected = '{"bandwidth_rate":"off","compaction":{"a:z":false,"b:z":true},"cpus":[2,1],"node":"näh","transfers":2,"user_ttl":null}'
    assert encode(event) == encode(twin) == expected.encode()


def test_times_are_written_in_utc() -> None:
    event = BatchReturned(
        batch=1, attempt=1, reason="", not_before=datetime(2026, 1, 2, 3, 4, 5, 60, tzinfo=UTC)
    )
    assert json.loads(encode(event))["not_before"] == "2026-01-02T03:04:05.000060Z"


def test_fields_of_a_later_version_are_left_out_and_absent_ones_have_their_defaults() -> None:
    data = b'{"batch":1,"attempt":2,"reason":"r","colour":"blue"}'
    assert decode("BatchReturned", 1, data) == BatchReturned(batch=1, attempt=2, reason="r", not_before=None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b"[]",
        b'{"location":1}',
        b'{"location":"a"',
        b'{"location":"\xff"}',
        b'{"x":' + b"[" * 99999,
    ],
)
def test_data_that_does_not_fit_its_type_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableEvent, match="LocationVerified version 1"):
        decode("LocationVerified", 1, data)


@pytest.mark.parametrize(
    ("tag", "version"), [("SongSung", 1), ("LocationVerified", 2), ("LocationVerified", 0)]
)
def test_a_type_or_version_that_nobody_knows_is_unknown(tag: str, version: int) -> None:
    with pytest.raises(UnknownEvent, match=f"{tag} version {version}") as caught:
        decode(tag, version, b"{}")
    assert "newer scylla-restore" in str(caught.value.hint)


def test_text_that_is_not_unicode_cannot_be_written() -> None:
    with pytest.raises(UnwritableEvent, match="LocationVerified"):
        encode(LocationVerified(location="\ud800"))


def test_old_versions_are_brought_up_step_by_step() -> None:
    expected = SongSung(title="Ode", seconds=120, refrain="la la")
    assert MUSIC.decode("SongSung", 1, b'{"name":"Ode","minutes":2}') == expected
    assert MUSIC.decode("SongSung", 2, b'{"title":"Ode","minutes":2}') == expected
    assert MUSIC.decode("SongSung", 3, MUSIC.encode(expected)) == expected


def test_a_retired_tag_becomes_the_new_one() -> None:
    assert MUSIC.decode("JigDanced", 4, msgspec.Raw(b'{"steps":3}')) == DanceDanced(steps=3)


@pytest.mark.parametrize(
    "data", [b"[]", b"{", b'{"minutes":2}', b'{"name":"Ode"}', b'{"name":1,"minutes":2}']
)
def test_old_data_that_a_step_does_not_expect_is_unreadable(data: bytes) -> None:
    with pytest.raises(UnreadableEvent, match="SongSung version 1"):
        MUSIC.decode("SongSung", 1, data)


@pytest.mark.parametrize(
    "steps",
    [
        (Upcast(tag="SongSung", version=1, change=_title),),
        (Upcast(tag="SongSung", version=3, change=_title),),
        (*UPCASTS, UPCASTS[0]),
        (
            Upcast(tag="Loop", version=1, change=_unchanged, to_version=2),
            Upcast(tag="Loop", version=2, change=_unchanged, to_version=1),
        ),
    ],
    ids=["to a version that is no more", "from the present version", "twice the same", "in a circle"],
)
def test_steps_that_lead_nowhere_are_refused_at_once(steps: tuple[Upcast, ...]) -> None:
    with pytest.raises(ValueError, match="event"):
        Codec((SongSung, DanceDanced), steps)


def test_two_types_of_one_tag_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="two event types have the tag SongSung"):
        Codec((SongSung, SongSung))


def test_every_event_type_is_named_like_its_tag() -> None:
    assert [kind.TAG for kind in EVENT_TYPES] == [kind.__name__ for kind in EVENT_TYPES]


def test_no_event_holds_what_writers_of_json_do_not_agree_on() -> None:
    allowed = {"bool", "int", "str", "none", "datetime", "enum"}
    seen = {name for kind in EVENT_TYPES for name in _leaves(msgspec.inspect.type_info(kind))}
    assert seen <= allowed


def _leaves(info: msgspec.inspect.Type) -> set[str]:
    """The names of the simple types that a type is made of."""
    match info:
        case msgspec.inspect.StructType(fields=fields):
            inner = [field.type for field in fields]
        case msgspec.inspect.UnionType(types=types):
            inner = list(types)
        case msgspec.inspect.VarTupleType(item_type=item):
            inner = [item]
        case msgspec.inspect.TupleType(item_types=items):
            inner = list(items)
        case msgspec.inspect.DictType(key_type=key, value_type=value):
            inner = [key, value]
        case _:
            return {type(info).__name__.removesuffix("Type").lower()}
    return {name for each in inner for name in _leaves(each)}
