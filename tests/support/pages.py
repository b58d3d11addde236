"""What is written for people, and what of it can be tried."""

import re
from collections.abc import Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PAGES = (PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md")))

_COMMAND = re.compile(r"(?:^    (?:\$ )?|`)(scylla-restore [^`\n…#]*)", re.MULTILINE)
_PROGRAM = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands() -> Iterator[tuple[str, str]]:
    """Yield the commands of all pages: the page's name, and what is typed."""
    for page in PAGES:
        for command in _COMMAND.findall(page.read_text(encoding="utf-8")):
            yield page.name, command.strip()


def programs() -> Iterator[tuple[str, str]]:
    """Yield the Python programs of all pages: a name for each, and the code."""
    for page in PAGES:
        for number, code in enumerate(_PROGRAM.findall(page.read_text(encoding="utf-8")), start=1):
            yield f"{page.stem.lower()}_{number}", code
