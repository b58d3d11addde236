"""CQL as text: where its tokens, statements and names begin and end. Nothing here knows what a statement means."""

import re
from collections.abc import Iterator
from enum import Enum, auto

import msgspec

_KEPT_CHARACTERS = 2_000


class TokenKind(Enum):
    """What a piece of CQL is."""

    SPACE = auto()
    COMMENT = auto()
    LITERAL = auto()
    QUOTED_NAME = auto()
    WORD = auto()
    SEMICOLON = auto()
    OTHER = auto()


class Token(msgspec.Struct, frozen=True):
    """A piece of CQL, as it stands there: all tokens together are the text."""

    kind: TokenKind
    text: str


# A literal, a quoted name or a comment that does not end goes on to the end of the text.
_TOKEN = re.compile(
    r"""
      (?P<SPACE> \s+ )
    | (?P<COMMENT> --[^\r\n]* | //[^\r\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<LITERAL> '(?:[^']|'')*(?:'|\Z) | \$\$.*?(?:\$\$|\Z) )
    | (?P<QUOTED_NAME> "(?:[^"]|"")*(?:"|\Z) )
    | (?P<WORD> \w+ )
    | (?P<SEMICOLON> ; )
    | (?P<OTHER> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_IDLE = frozenset({TokenKind.SPACE, TokenKind.COMMENT})
_CREATABLE = (
    ("MATERIALIZED", "VIEW"),
    ("CUSTOM", "INDEX"),
    ("INDEX",),
)
_NOT_THERE = ("IF", "NOT", "EXISTS")


def tokens(text: str) -> Iterator[Token]:
    """Yield the tokens of any text, valid CQL or not."""
    for match in _TOKEN.finditer(text):
        yield Token(TokenKind[match.lastgroup or "OTHER"], match[0])


def quoted(name: str) -> str:
    """Return a name, as it is stored, as CQL writes it wherever a name may stand."""
    return '"' + name.replace('"', '""') + '"'


def unquoted(name: str) -> str:
    """Return a name of CQL as it is stored, given as DESCRIBE writes it: quoted where it has to be."""
    if len(name) > 1 and name.startswith('"') and name.endswith('"'):
        return name[1:-1].replace('""', '"')
    return name


def literal(text: str) -> str:
    """Return a text as a literal of CQL."""
    return "'" + text.replace("'", "''") + "'"


def split_statements(text: str) -> tuple[str, ...]:
    """Return the statements of a text, without their semicolons; what is nothing but comments is no statement.

    A semicolon in a literal, a quoted name, a function's body or a comment ends nothing; nor does one between the ``BEGIN``
    and ``APPLY`` of a batch, but no schema has any.
    """
    statements: list[str] = []
    current: list[Token] = []
    for token in (*tokens(text), Token(TokenKind.SEMICOLON, ";")):
        if token.kind is not TokenKind.SEMICOLON:
            current.append(token)
            continue
        if any(each.kind not in _IDLE for each in current):
            statements.append("".join(each.text for each in current).strip())
        current = []
    return tuple(statements)


def if_not_exists(statement: str) -> str:
    """Return the creation of a view or index such that it can be repeated; any other statement is left as it is."""
    pieces = list(tokens(statement))
    telling = [place for place, token in enumerate(pieces) if token.kind not in _IDLE]
    words = [pieces[place].text.upper() for place in telling[:6]]
    if words[:1] != ["CREATE"]:
        return statement
    for kind in _CREATABLE:
        last = len(kind)
        if tuple(words[1 : last + 1]) == kind and tuple(words[last + 1 : last + 4]) != _NOT_THERE:
            after = telling[last] + 1
            pieces.insert(after, Token(TokenKind.OTHER, f" {' '.join(_NOT_THERE)}"))
            break
    return "".join(token.text for token in pieces)


def presentable(statement: str) -> str:
    """Return a statement for a message: in one line, not too long, without the literals of passwords."""
    shown: list[str] = []
    hides = False
    for token in tokens(statement):
        if token.kind in _IDLE:
            shown.append(" ")
            continue
        if token.kind is TokenKind.WORD:
            hides = token.text.upper() == "PASSWORD"
        if token.kind is TokenKind.LITERAL and hides:
            shown.append("'***'")
            hides = False
        else:
            shown.append(" ".join(token.text.split()))
    text = " ".join("".join(shown).split())
    return text if len(text) <= _KEPT_CHARACTERS else text[:_KEPT_CHARACTERS] + " …"
