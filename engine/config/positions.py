"""Where the keys of a TOML file stand. The standard library's reader does not tell."""

import tomllib
from typing import cast

KeyPath = tuple[str, ...]


def key_lines(text: str) -> dict[KeyPath, int]:
    """Return the line (from 1) of every table and key of a valid TOML text, where it first occurs; not of keys in inline tables."""
    lines: dict[KeyPath, int] = {}
    table: KeyPath = ()
    position = 0
    while position < len(text):
        if text[position].isspace():
            position += 1
        elif text[position] == "#":
            position = _end_of_line(text, position)
        elif text[position] == "[":
            end = _end_of_key(text, position, "]")
            table = _parse_key(text[position:end].strip("[ \t"))
            _note(lines, table, text.count("\n", 0, position) + 1)
            position = _end_of_line(text, end)
        else:
            end = _end_of_key(text, position, "=")
            path = table + _parse_key(text[position:end])
            _note(lines, path, text.count("\n", 0, position) + 1)
            position = _end_of_value(text, end + 1)
    return lines


def line_of(lines: dict[KeyPath, int], path: KeyPath) -> int | None:
    """Return the line of a key, or of the nearest thing around it."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _note(lines: dict[KeyPath, int], path: KeyPath, line: int) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], line)


def _parse_key(text: str) -> KeyPath:
    value: object = tomllib.loads(f"{text} = 0")
    path: list[str] = []
    while isinstance(value, dict):
        ((key, value),) = cast("dict[str, object]", value).items()
        path.append(key)
    return tuple(path)


def _end_of_line(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end


def _end_of_key(text: str, position: int, end: str) -> int:
    while text[position] != end:
        position = _end_of_string(text, position) if text[position] in "\"'" else position + 1
    return position


def _end_of_value(text: str, position: int) -> int:
    """Return where the line after a value's last one begins, or the text ends."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character in "\"'":
            position = _end_of_string(text, position)
            continue
        if character == "#":
            position = _end_of_line(text, position)
            continue
        if character == "\n" and depth == 0:
            return position
        depth += (character in "[{") - (character in "]}")
        position += 1
    return position


def _end_of_string(text: str, start: int) -> int:
    quote = text[start]
    delimiter = quote * 3 if text.startswith(quote * 3, start) else quote
    position = start + len(delimiter)
    while not text.startswith(delimiter, position):
        position += 2 if quote == '"' and text[position] == "\\" else 1
    position += len(delimiter)
    while len(delimiter) > 1 and text.startswith(quote, position):
        position += 1  # up to two quotes may stand before the closing three
    return position
