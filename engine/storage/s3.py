"""Buckets of Amazon S3 and of everything that speaks its protocol."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol, cast

from scylla_restore.engine.errors import ObjectTooLarge, StorageUnavailable
from scylla_restore.engine.secrets import Secret
from scylla_restore.engine.storage.keys import check_key, check_names, check_prefix
from scylla_restore.engine.storage.pages import (
    XmlPage,
    before,
    beginning_of,
    directly_below,
    found_among,
    stored_objects,
)
from scylla_restore.engine.storage.port import Page, StoredObject, StoreReport
from scylla_restore.engine.storage.s3_errors import storage_error
from scylla_restore.engine.storage.tally import Tally

_CONNECTIONS = 32
_CONNECT_TIMEOUT_S = 10
_READ_TIMEOUT_S = 60
_ATTEMPTS = 5

PAGE = XmlPage(root="ListBucketResult", item="Contents", key="Key", size="Size")
_WHOLE_PAGE = "WholePage"
_FIRST, _LAST, _OTHER = b"<Contents>", b"</Contents>", b"<CommonPrefixes>"


class _Body(Protocol):
    """The SDK's stream of an object's bytes."""

    def read(self, amount: int) -> bytes: ...  # as a file's
    def close(self) -> None: ...


class _Hooks(Protocol):
    def register(self, event_name: str, handler: object) -> None: ...
    def unregister(self, event_name: str, handler: object) -> None: ...


class _Meta(Protocol):
    @property
    def events(self) -> _Hooks: ...


class _Client(Protocol):
    """What is used of the SDK's client, which makes its methods as it runs."""

    @property
    def meta(self) -> _Meta: ...
    def list_objects_v2(self, **arguments: object) -> Mapping[str, object]: ...
    def get_object(self, **arguments: object) -> Mapping[str, object]: ...
    def close(self) -> None: ...


class S3Store:
    """``s3:<bucket>``. Safe to use from several threads at once.

    What is not given is left to the SDK's own chain (environment, profiles, instance roles). Buckets of an
    ``endpoint`` of one's own are addressed by path unless ``force_path_style`` says otherwise.

    Raises:
        StorageError: the SDK refuses the settings.
    """

    lists_ranges = True
    files_per_page = 1_000

    def __init__(
        self,
        bucket: str,
        *,
        endpoint: str | None = None,
        region: str | None = None,
        access_key_id: Secret | None = None,
        secret_access_key: Secret | None = None,
        session_token: Secret | None = None,
        profile: str | None = None,
        shared_credentials_file: Path | None = None,
        force_path_style: bool | None = None,
        attempts: int = _ATTEMPTS,
        read_timeout_s: float = _READ_TIMEOUT_S,
    ) -> None:
        self._bucket = bucket
        self._location = f"s3:{bucket}"
        self._calls = Tally()
        self._requests = Tally()
        with self._errors(""):
            self._client = _client(
                endpoint=endpoint,
                region=region,
                access_key_id=access_key_id,
                secret_access_key=secret_access_key,
                session_token=session_token,
                profile=profile,
                shared_credentials_file=shared_credentials_file,
                by_path=endpoint is not None if force_path_style is None else force_path_style,
                attempts=attempts,
                read_timeout_s=read_timeout_s,
            )
        hooks = self._client.meta.events
        hooks.register("before-call.s3", self._count_call)
        hooks.register("request-created.s3", self._count_request)
        hooks.register("before-parse.s3.ListObjectsV2", keep_page)
        _spare_second_reading(hooks)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See the port; in the order of the keys."""
        return stored_objects(self._read_pages(prefix))

    def pages(self, prefix: str, *, after: str = "", until: str = "") -> Iterator[Page]:
        """See the port."""
        more = {"StartAfter": prefix + after} if after else {}
        return directly_below(self._read_pages(prefix, **more), prefix, until)

    def find(self, prefix: str, names: Collection[str]) -> Page:
        """See the port."""
        check_names(prefix, names, self._location)
        if not names:
            return {}
        begin = beginning_of(names)
        more = {"StartAfter": prefix + before(names)} if len(begin) < len(before(names)) else {}
        return found_among(self._read_pages(prefix, begin=begin, **more), prefix, names)

    def list_directories(self, prefix: str) -> tuple[str, ...]:
        """See the port."""
        return tuple(
            str(common["Prefix"]).removeprefix(prefix).rstrip("/")
            for page in self._pages(prefix, Delimiter="/")
            for common in cast("list[Mapping[str, object]]", page.get("CommonPrefixes", []))
        )

    def read(self, key: str, *, limit_bytes: int) -> bytes:
        """See the port."""
        check_key(key, self._location)
        with self._errors(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            body, size = cast("_Body", answer["Body"]), cast("int", answer["ContentLength"])
            try:
                data = b"" if size > limit_bytes else body.read(limit_bytes + 1)
            finally:
                body.close()
        if max(size, len(data)) > limit_bytes:
            raise ObjectTooLarge(
                f"{self._location}/{key} has {size} bytes, and {limit_bytes} are the most",
                location=self._location,
            )
        if len(data) != size:
            raise StorageUnavailable(
                f"{self._location}/{key}: only {len(data)} of {size} bytes arrived", location=self._location
            )
        return data

    def report(self) -> StoreReport:
        """See the port."""
        return StoreReport(retries=max(0, self._requests.count - self._calls.count))

    def close(self) -> None:
        """See the port."""
        self._client.close()

    def _count_call(self, **_: object) -> None:
        self._calls.add()

    def _count_request(self, **_: object) -> None:
        self._requests.add()

    def _read_pages(self, prefix: str, *, begin: str = "", **more: object) -> Iterator[Page]:
        for page in self._pages(prefix, begin=begin, **more):
            yield PAGE.read(cast("bytes", page[_WHOLE_PAGE]), self._location)

    def _pages(self, prefix: str, *, begin: str = "", **more: object) -> Iterator[Mapping[str, object]]:
        check_prefix(prefix, self._location)
        position: dict[str, object] = {}
        while True:
            with self._errors(prefix):
                page = self._client.list_objects_v2(
                    Bucket=self._bucket, Prefix=prefix + begin, **position, **more
                )
            yield page
            if not page.get("IsTruncated"):
                return
            token = page.get("NextContinuationToken")
            if not token or token == position.get("ContinuationToken"):
                raise StorageUnavailable(
                    f"{self._location}/{prefix}: the listing says that it goes on, but not where",
                    location=self._location,
                )
            position = {"ContinuationToken": token}

    @contextmanager
    def _errors(self, what: str) -> Iterator[None]:
        """Say in the port's words what the server, or the SDK, said."""
        try:
            yield
        except Exception as error:
            raise storage_error(error, location=self._location, what=what) from error


def keep_page(
    response_dict: dict[str, object], customized_response_dict: dict[str, object], **_: object
) -> None:
    """Add the page itself to the answer, and spare the SDK the reading of its objects: a hook of botocore's."""
    body = cast("bytes", response_dict["body"])
    customized_response_dict[_WHOLE_PAGE] = body
    start, end = body.find(_FIRST), body.rfind(_LAST) + len(_LAST)
    if 0 <= start < end and _OTHER not in body[start:end]:
        response_dict["body"] = body[:start] + body[end:]


def _spare_second_reading(hooks: _Hooks) -> None:
    """Take out the SDK's hook that reads each answer as XML to see whether it is an error in disguise.

    That takes longer than all the rest. Nothing but listings is read here, and those are looked at by ``PAGE``.
    """
    from botocore import handlers  # noqa: PLC0415 - as in _client

    hook: object = getattr(handlers, "_handle_200_error", None)
    if hook is not None:
        hooks.unregister("before-parse.s3.*", hook)


def _client(
    *,
    endpoint: str | None,
    region: str | None,
    access_key_id: Secret | None,
    secret_access_key: Secret | None,
    session_token: Secret | None,
    profile: str | None,
    shared_credentials_file: Path | None,
    by_path: bool,
    attempts: int,
    read_timeout_s: float,
) -> _Client:
    # The SDK is large, and not everybody's buckets are in S3.
    from boto3.session import Session  # noqa: PLC0415 - as said above
    from botocore.config import Config  # noqa: PLC0415 - as said above
    from botocore.session import Session as CoreSession  # noqa: PLC0415 - as said above

    core = CoreSession()
    if shared_credentials_file is not None:
        core.set_config_variable("credentials_file", str(shared_credentials_file))
    session = Session(
        aws_access_key_id=access_key_id.reveal() if access_key_id else None,
        aws_secret_access_key=secret_access_key.reveal() if secret_access_key else None,
        aws_session_token=session_token.reveal() if session_token else None,
        region_name=region,
        profile_name=profile,
        botocore_session=core,
    )
    config = Config(
        retries={"mode": "adaptive", "total_max_attempts": attempts},
        max_pool_connections=_CONNECTIONS,
        connect_timeout=_CONNECT_TIMEOUT_S,
        read_timeout=read_timeout_s,
        tcp_keepalive=True,
        s3={"addressing_style": "path" if by_path else "auto"},
        # Servers other than Amazon's do not always know the SDK's newer checksums.
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        user_agent_extra="scylla-restore",
    )
    return cast("_Client", session.client("s3", endpoint_url=endpoint, config=config))
