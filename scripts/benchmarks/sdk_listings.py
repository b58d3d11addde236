"""How many objects one processor lists in a second, from a server that gives the same page again and again."""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice
from multiprocessing.connection import Connection
from urllib.parse import parse_qs, urlsplit

from benchmarks.index_data import COMPONENTS
from benchmarks.measurement import Measurement

from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.azure import AzureStore
from scylla_restore.engine.storage.azure_access import AzureAccess
from scylla_restore.engine.storage.gcs import GcsStore
from scylla_restore.engine.storage.port import ObjectStore
from scylla_restore.engine.storage.s3 import S3Store

PAGES = 60
FEW_PAGES = 6
PREFIX = "backup/sst/cluster/0d5a8a3c-0000-4000-8000-00000000000c/dc/dc1/node/n/keyspace/ks/table/t/v/"
NAMES = [
    f"{PREFIX}me-3gsm_0lob_{number:018}-big-{component}" for number in range(556) for component in COMPONENTS
][:5000]
_TIME = "Sun, 22 Nov 2026 13:35:46 GMT"


def measure_sdks() -> Iterator[Measurement]:
    """Yield each SDK's objects per second of processor time, our way and its own."""
    with _server() as endpoint:
        stores: dict[str, ObjectStore] = {
            "s3": S3Store("b", endpoint=endpoint, access_key_id=Secret("k"), secret_access_key=Secret("s")),
            "gcs": GcsStore("b", endpoint=endpoint),
            "azure": AzureStore("b", AzureAccess(account="lab", key=Secret("c2VjcmV0"), endpoint=endpoint)),
        }
        own = {"s3": _boto3, "gcs": _google, "azure": _azure}
        for provider, store in stores.items():
            ways: dict[str, Callable[[], Iterable[int]]] = {
                "ours": lambda store=store: map(len, store.pages(PREFIX)),  # type: ignore[misc]  # bound now
                "the SDK's own": lambda provider=provider: own[provider](endpoint),  # type: ignore[misc]  # bound now
            }
            for way, pages in ways.items():
                next(iter(pages()))
                began_s = time.process_time()
                objects = sum(islice(pages(), PAGES if way == "ours" else FEW_PAGES))
                took_s = time.process_time() - began_s
                params: dict[str, str | int | float | bool] = {
                    "sdk": provider,
                    "way": way,
                    "objects": objects,
                }
                yield Measurement(metric="SDK", value=objects / took_s, unit="objects/s", params=params)
            store.close()


def _boto3(endpoint: str) -> Iterator[int]:
    import boto3  # noqa: PLC0415 - only whoever measures it pays

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="k",
        aws_secret_access_key="s",  # noqa: S106 - the server takes any
        region_name="r",
    )
    for page in client.get_paginator("list_objects_v2").paginate(Bucket="b", Prefix=PREFIX):
        yield len(page.get("Contents", ()))


def _google(endpoint: str) -> Iterator[int]:
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - as above
    from google.cloud.storage import Client  # noqa: PLC0415 - as above

    client = Client(
        project="p", credentials=AnonymousCredentials(), client_options={"api_endpoint": endpoint}
    )
    for page in client.list_blobs("b", prefix=PREFIX).pages:
        yield sum(1 for _ in page)


def _azure(endpoint: str) -> Iterator[int]:
    from azure.storage.blob import ContainerClient  # noqa: PLC0415 - as above

    credential = {"account_name": "lab", "account_key": "c2VjcmV0"}
    client = ContainerClient(f"{endpoint}/lab", "b", credential=credential)
    for page in client.list_blobs(name_starts_with=PREFIX).by_page():
        yield sum(1 for _ in page)


def _s3_page(next_page: str) -> bytes:
    more = f"<IsTruncated>{'true' if next_page else 'false'}</IsTruncated>"
    more += f"<NextContinuationToken>{next_page}</NextContinuationToken>" if next_page else ""
    contents = "".join(
        f"<Contents><Key>{name}</Key><LastModified>2026-11-22T13:35:46.000Z</LastModified>"
        f"<ETag>&quot;9e107d9d372bb6826bd81d3542a419d6&quot;</ETag><Size>{number}</Size>"
        "<StorageClass>STANDARD</StorageClass></Contents>"
        for number, name in enumerate(NAMES[:1000])
    )
    namespace = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
    return f"<ListBucketResult{namespace}><Name>b</Name>{more}{contents}</ListBucketResult>".encode()


def _gcs_page(next_page: str, *, is_short: bool) -> bytes:
    items = [{"name": name, "size": str(number)} for number, name in enumerate(NAMES[:1000])]
    if not is_short:
        more = {"bucket": "b", "contentType": "application/octet-stream", "storageClass": "STANDARD"}
        times = dict.fromkeys(("timeCreated", "updated"), "2026-11-22T13:35:46.000Z")
        items = [{"kind": "storage#object", "id": item["name"], **item, **more, **times} for item in items]
    return json.dumps({"items": items, **({"nextPageToken": next_page} if next_page else {})}).encode()


def _azure_page(next_page: str) -> bytes:
    blobs = "".join(
        f"<Blob><Name>{name}</Name><Properties><Creation-Time>{_TIME}</Creation-Time>"
        f"<Last-Modified>{_TIME}</Last-Modified><Etag>0x1E4045C939AE880</Etag><Content-Length>{number}</Content-Length>"
        "<Content-Type>application/octet-stream</Content-Type><Content-MD5>ndTkYSaMgDT1yFZOFVxnpg==</Content-MD5>"
        "<BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus><AccessTier>Hot</AccessTier>"
        "</Properties></Blob>"
        for number, name in enumerate(NAMES)
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="b"><Blobs>{blobs}</Blobs>'
        f"<NextMarker>{next_page}</NextMarker></EnumerationResults>"
    ).encode()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the page that the query asks for."""
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        tokens = (query.get(name) for name in ("continuation-token", "pageToken", "marker"))
        number = int(next((token for token in tokens if token), "0")) + 1
        next_page = str(number) if number < PAGES else ""
        if parts.path.startswith("/storage/"):
            body, kind = _gcs_page(next_page, is_short="fields" in query), "application/json"
        elif query.get("comp") == "list":
            body, kind = _azure_page(next_page), "application/xml"
        else:
            body, kind = _s3_page(next_page), "application/xml"
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _serve(told: Connection) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        told.send(server.server_port)
        server.serve_forever()


@contextmanager
def _server() -> Iterator[str]:
    """Run the server in a process of its own, so that its time is not ours."""
    ours, its = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(its,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()
