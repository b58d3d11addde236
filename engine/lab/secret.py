"""References to secrets, as the configuration file has them."""

import os
from pathlib import Path


def resolve(reference: str) -> str:
    """Return what ``env:NAME`` or ``file:PATH`` refers to, and anything else as it is."""
    kind, colon, name = reference.partition(":")
    if colon and kind == "env":
        return os.environ.get(name, "")
    if colon and kind == "file":
        return Path(name).read_text().strip()
    return reference
