"""The page on weak points names tests that there are."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "weak-points.md").read_text()


def test_every_test_that_the_page_names_is_there() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("*.py"))
    named = set(re.findall(r"`(test_\w+)`", PAGE))
    assert {name for name in named if f"def {name}(" not in sources} == set()
    assert len(named) > 30


def test_every_point_says_what_shows_it_or_why_it_does_not_apply() -> None:
    rows = re.findall(r"^\| (\d+) \|[^|]*\|([^|]*)\|([^|]*)\|$", PAGE, flags=re.MULTILINE)
    assert [int(number) for number, _, _ in rows] == list(range(1, 27))
    assert [
        number for number, here, shown in rows if not shown.strip() and "Does not apply" not in here
    ] == []
