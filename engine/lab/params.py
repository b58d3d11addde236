"""The parameters of an rclone call: query and JSON body merged, read with rclone's own complaints."""

import re
from http import HTTPStatus
from urllib.parse import parse_qsl

import msgspec

from scylla_restore.engine.lab.refusals import CallRefused

_TRUE = ("true", "1", "t", "yes")


class Params:
    """What a call was given."""

    def __init__(self, values: dict[str, object]) -> None:
        self.values = values

    def text(self, key: str, default: str | None = None) -> str:
        """Return a string.

        Raises:
            CallRefused: there is none, and no default.
        """
        value = self.values.get(key)
        if value is None:
            if default is None:
                raise _missing(key)
            return default
        if not isinstance(value, str):
            raise CallRefused(
                f'expecting string value for key "{key}" (was {value!r})', HTTPStatus.BAD_REQUEST
            )
        return value

    def integer(self, key: str) -> int | None:
        """Return a whole number, or None if there is none."""
        value = self.values.get(key)
        if value is None:
            return None
        try:
            return int(str(value))
        except ValueError:
            raise CallRefused(f'bad value for key "{key}": {value}', HTTPStatus.BAD_REQUEST) from None

    def required_integer(self, key: str) -> int:
        """Return a whole number.

        Raises:
            CallRefused: there is none.
        """
        value = self.integer(key)
        if value is None:
            raise _missing(key)
        return value

    def boolean(self, key: str) -> bool:
        """Return a truth value, False if there is none."""
        return is_true(self.values.get(key))

    def names(self, key: str) -> list[str]:
        """Return a list of strings.

        Raises:
            CallRefused: there is none.
        """
        value = self.values.get(key)
        if value is None:
            raise _missing(key)
        if not isinstance(value, list):
            raise CallRefused(f'expecting list value for key "{key}"', HTTPStatus.BAD_REQUEST)
        return [str(name) for name in value]

    def options(self, key: str) -> dict[str, object]:
        """Return an object, an empty one if there is none."""
        value = self.values.get(key)
        return value if isinstance(value, dict) else {}


def is_true(value: object) -> bool:
    """Whether a parameter, of JSON or of a query, says yes."""
    return value is True or str(value).lower() in _TRUE


def query_values(query: str) -> dict[str, object]:
    """Return a query's parameters."""
    return dict(parse_qsl(query, keep_blank_values=True)) if query else {}


def json_values(body: bytes) -> dict[str, object]:
    """Return a JSON body's parameters.

    Raises:
        CallRefused: it is not JSON, or not an object.
    """
    if not body.strip():
        return {}
    try:
        return msgspec.json.decode(body, type=dict[str, object])
    except msgspec.ValidationError:
        raise _unreadable("json: cannot unmarshal value into Go value of type rc.Params") from None
    except msgspec.DecodeError as error:
        raise _unreadable(_go_complaint(body, str(error))) from None


def _missing(key: str) -> CallRefused:
    return CallRefused(f'Didn\'t find key "{key}" in input', HTTPStatus.BAD_REQUEST)


def _unreadable(complaint: str) -> CallRefused:
    return CallRefused(f"read input JSON: {complaint}", HTTPStatus.BAD_REQUEST)


def _go_complaint(body: bytes, error: str) -> str:
    """Say what Go's decoder would, for the mistakes that occur: a cut body, and garbage where a name or value belongs."""
    found = re.search(r"byte (\d+)", error)
    if "truncated" in error or found is None:
        return "unexpected end of JSON input"
    position = int(found.group(1))
    character = body[position : position + 1].decode("latin-1")
    before = body[:position].rstrip()
    place = "object key string" if before.endswith((b"{", b",")) else "value"
    return f"invalid character '{character}' looking for beginning of {place}"
