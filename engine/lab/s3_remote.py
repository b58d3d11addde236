"""An object store of the S3 kind as a remote of an agent."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from http import HTTPStatus
from typing import Protocol, cast

from scylla_restore.engine.lab.object_remote import CONNECTIONS, ObjectRemote, split
from scylla_restore.engine.lab.refusals import CallRefused, directory_not_found, object_not_found
from scylla_restore.engine.lab.remotes import Entry, Source
from scylla_restore.engine.lab.state import S3Settings
from scylla_restore.engine.secrets import SecretReference

_ATTEMPTS = 4
_ABSENT = ("NoSuchKey", "NotFound", "404")


Reply = dict[str, object]


class Pages(Protocol):
    """boto3's paginator."""

    def paginate(self, **arguments: object) -> Iterator[Mapping[str, list[Reply]]]:
        """Yield the pages of a listing."""
        ...


class S3Client(Protocol):
    """What is used of boto3's client, which makes its methods as it runs."""

    def head_object(self, **arguments: object) -> Reply: ...  # noqa: D102 - named as S3's operations
    def get_object(self, **arguments: object) -> Reply: ...  # noqa: D102
    def put_object(self, **arguments: object) -> Reply: ...  # noqa: D102
    def delete_object(self, **arguments: object) -> Reply: ...  # noqa: D102
    def head_bucket(self, **arguments: object) -> Reply: ...  # noqa: D102
    def create_bucket(self, **arguments: object) -> Reply: ...  # noqa: D102
    def get_paginator(self, operation: str) -> Pages: ...  # noqa: D102
    def close(self) -> None: ...  # noqa: D102


class S3Remote(ObjectRemote):
    """Buckets of Amazon S3, or of a server that speaks its protocol."""

    provider = "S3"
    missing_bucket = "s3 upload: 404 Not Found: The specified bucket does not exist (code:NoSuchBucket)"

    def __init__(self, settings: S3Settings) -> None:
        self._client = _client(settings)

    def entries(self, bucket: str, prefix: str, *, recurse: bool) -> Iterator[Entry]:
        """See ``ObjectRemote``."""
        arguments: dict[str, object] = {"Bucket": bucket, "Prefix": prefix}
        if not recurse:
            arguments["Delimiter"] = "/"
        with _refusals(missing_bucket=directory_not_found()):
            for page in self._client.get_paginator("list_objects_v2").paginate(**arguments):
                yield from _entries(page)

    def stat(self, path: str) -> Entry:
        """See ``ObjectRemote``."""
        bucket, key = split(path)
        with _refusals():
            return _entry(path, self._client.head_object(Bucket=bucket, Key=key))

    def open(self, path: str) -> tuple[Entry, Source]:
        """See ``ObjectRemote``."""
        bucket, key = split(path)
        with _refusals():
            answer = self._client.get_object(Bucket=bucket, Key=key)
        return _entry(path, answer), cast("Source", answer["Body"])

    def write(self, path: str, content: Source, size: int) -> None:
        """See ``ObjectRemote``."""
        bucket, key = split(path)
        body = content.read() if size < (1 << 20) else content
        with _refusals():
            self._client.put_object(Bucket=bucket, Key=key, Body=body, ContentLength=size)

    def delete(self, path: str) -> None:
        """See ``ObjectRemote``."""
        bucket, key = split(path)
        self.stat(path)
        with _refusals():
            self._client.delete_object(Bucket=bucket, Key=key)

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """See ``ObjectRemote``."""
        with _refusals():
            self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def has_bucket(self, bucket: str) -> bool:
        """See ``ObjectRemote``."""
        try:
            with _refusals():
                self._client.head_bucket(Bucket=bucket)
        except CallRefused as refused:
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
            return False
        return True

    def close(self) -> None:
        """See ``ObjectRemote``."""
        self._client.close()

    def make_bucket(self, bucket: str) -> None:
        """See ``ObjectRemote``."""
        if not self.has_bucket(bucket):
            self._client.create_bucket(Bucket=bucket)


def _entries(page: Mapping[str, list[Reply]]) -> list[Entry]:
    found = [
        Entry(path=str(common["Prefix"]), size=0, modified_ns=0, is_dir=True)
        for common in page.get("CommonPrefixes", ())
    ]
    found += [
        _entry(str(stored["Key"]), {**stored, "ContentLength": stored["Size"]})
        for stored in page.get("Contents", ())
    ]
    return sorted(found, key=lambda entry: entry.path)


def _entry(path: str, answer: Mapping[str, object]) -> Entry:
    modified = answer["LastModified"]
    etag = str(answer.get("ETag", "")).strip('"')
    return Entry(
        path=path,
        size=int(str(answer["ContentLength"])),
        modified_ns=int(modified.timestamp() * 10**6) * 1000 if isinstance(modified, datetime) else 0,
        tier=str(answer.get("StorageClass") or "STANDARD"),
        md5="" if "-" in etag else etag,
    )


@contextmanager
def _refusals(*, missing_bucket: CallRefused | None = None) -> Iterator[None]:
    """Turn what the store says into the agent's words."""
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - only labs with an object store pay

    try:
        yield
    except ClientError as error:
        description = error.response.get("Error", {})
        code = description.get("Code", "")
        if code == "NoSuchBucket" or (code in _ABSENT and missing_bucket is not None):
            raise missing_bucket or object_not_found() from None
        if code in _ABSENT:
            raise object_not_found() from None
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        raise CallRefused(f"{description.get('Message', '')} (code:{code})", status) from None
    except BotoCoreError as error:
        raise CallRefused(str(error)) from None


def _client(settings: S3Settings) -> S3Client:
    import boto3  # noqa: PLC0415 - takes longer to import than a lab takes to start
    from botocore.config import Config  # noqa: PLC0415 - the same

    def value(reference: str, what: str) -> str | None:
        return SecretReference(reference).resolve(os.environ, what=what).reveal() if reference else None

    client: object = boto3.client(
        "s3",
        endpoint_url=settings.endpoint or None,
        region_name=settings.region,
        aws_access_key_id=value(settings.access_key_id, "access_key_id of the lab's object store"),
        aws_secret_access_key=value(
            settings.secret_access_key, "secret_access_key of the lab's object store"
        ),
        config=Config(
            max_pool_connections=CONNECTIONS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            s3={"addressing_style": "path"},
        ),
    )
    return cast("S3Client", client)
