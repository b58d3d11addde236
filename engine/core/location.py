"""Backup locations as people write them: ``[<dc>:]<provider>:<bucket>``."""

import re
from collections.abc import Iterable

from scylla_restore.engine.errors import TargetError
from scylla_restore.events.model.target import BackupLocation

PROVIDERS = ("s3", "gcs", "azure", "localstorage")

_LOCATION = re.compile(r"(?:([a-zA-Z0-9_.-]+):)?([a-z0-9]+):([a-z0-9.-]+)")
_HINT = "write [<dc>:]<provider>:<bucket>, such as s3:my-bucket or dc1:gcs:my-bucket"


def parse_location(text: str) -> BackupLocation:
    """Read one location.

    Raises:
        TargetError: the text has another form, names an unknown provider or no possible bucket.
    """
    match = _LOCATION.fullmatch(text)
    if match is None:
        raise TargetError(f"{text!r} is not a backup location", hint=_HINT)
    dc, provider, bucket = match.groups()
    if provider not in PROVIDERS:
        raise TargetError(
            f"location {text!r} has an unknown provider {provider!r}",
            hint=f"the providers are {', '.join(PROVIDERS)}; {_HINT}",
        )
    if not bucket.strip("."):
        raise TargetError(f"location {text!r} names a directory, not a bucket", hint=_HINT)
    return BackupLocation(provider=provider, bucket=bucket, dc=dc)


def parse_locations(texts: Iterable[str]) -> tuple[BackupLocation, ...]:
    """Read locations that are given one by one, separated by commas, or both.

    Raises:
        TargetError: one of them is wrong, or a bucket is named twice (whatever the DC).
    """
    locations: dict[str, BackupLocation] = {}
    for text in texts:
        for part in text.split(","):
            location = parse_location(part.strip())
            if location.key in locations:
                raise TargetError(
                    f"bucket {location.key} is named twice, as {locations[location.key]} and as {location}",
                    hint="name each bucket once",
                )
            locations[location.key] = location
    return tuple(locations.values())
