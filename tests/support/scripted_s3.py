"""An S3 store in front of a server that answers what it is told to."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.scripted_http import RESET, Answer, Script, scripted_http

from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.s3 import S3Store

__all__ = ["RESET", "Answer", "refusal", "scripted_s3"]


def refusal(code: str, status: int, **details: str) -> Answer:
    more = "".join(f"<{name}>{value}</{name}>" for name, value in details.items())
    body = f"<Error><Code>{code}</Code><Message>because</Message>{more}</Error>"
    return Answer(body.encode(), status)


@contextmanager
def scripted_s3(*answers: Answer, attempts: int = 1) -> Iterator[tuple[S3Store, Script]]:
    with scripted_http(*answers) as script:
        store = S3Store(
            "b",
            endpoint=script.endpoint,
            access_key_id=Secret("key"),
            secret_access_key=Secret("s3cr3t"),
            attempts=attempts,
            read_timeout_s=5,
        )
        try:
            yield store, script
        finally:
            store.close()
