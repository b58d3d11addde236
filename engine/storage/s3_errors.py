"""What an S3 server, or the SDK in front of it, says, in the words of the port."""

from collections.abc import Mapping
from http import HTTPStatus

from scylla_restore.engine.errors import (
    BucketMissing,
    ObjectMissing,
    StorageDenied,
    StorageError,
    StorageUnavailable,
)
from scylla_restore.engine.storage.words import in_one_line

_CREDENTIALS = "set access_key_id and secret_access_key in [s3], or what the AWS SDK looks for"

_MISSING_BUCKET = frozenset({"NoSuchBucket", "InvalidBucketName"})
_MISSING_OBJECT = frozenset({"NoSuchKey", "404", "NotFound"})
_WRONG_REGION = frozenset(
    {"PermanentRedirect", "301", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"}
)
_BUSY = frozenset(
    {
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "InternalError",
    }
)
_BUSY_STATUS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_SERVER_ERRORS = HTTPStatus.INTERNAL_SERVER_ERROR
_DENIED_STATUS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})
_DENIED = {
    "AccessDenied": "let the credentials list the bucket and read its objects (s3:ListBucket, s3:GetObject)",
    "AllAccessDisabled": "the bucket's owner has disabled all access",
    "AccountProblem": "see to the account that the credentials belong to",
    "403": _CREDENTIALS,
    "Forbidden": _CREDENTIALS,
    "InvalidAccessKeyId": "the access key is not known there: check access_key_id, and the endpoint",
    "SignatureDoesNotMatch": "the secret key is wrong: check secret_access_key",
    "ExpiredToken": "the temporary credentials have expired: get new ones, then resume",
    "ExpiredTokenException": "the temporary credentials have expired: get new ones, then resume",
    "InvalidToken": "the session token is wrong: get new credentials",
    "TokenRefreshRequired": "the temporary credentials have expired: get new ones, then resume",
    "RequestTimeTooSkewed": "this machine's clock is off: set it right",
    "InvalidObjectState": "the object is archived: bring it back from the archive first",
}


def storage_error(error: Exception, *, location: str, what: str) -> StorageError:
    """Return the port's error for one of the SDK's; ``what`` names the object or prefix it was about.

    An exception that is not the SDK's is raised again: it is a defect of ours.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - heavy; not for localstorage
    from botocore.parsers import ResponseParserError  # noqa: PLC0415 - as above

    if isinstance(error, ClientError):
        return _refused(error.response, f"{location}/{what}", location)
    if isinstance(error, ResponseParserError):
        return StorageUnavailable(f"{location}/{what}: the answer is not intact", location=location)
    if isinstance(error, BotoCoreError | ValueError):
        return _failed(error, f"{location}/{what}", location)
    raise error


def _refused(response: Mapping[str, object], what: str, location: str) -> StorageError:
    """Return the error for a request that was answered with no."""
    details, metadata = _mapping(response.get("Error")), _mapping(response.get("ResponseMetadata"))
    code, status = str(details.get("Code", "")), metadata.get("HTTPStatusCode")
    status = status if isinstance(status, int) else 0
    region = details.get("Region") or _mapping(metadata.get("HTTPHeaders")).get("x-amz-bucket-region")
    where = f'region = "{region}"' if region else "the bucket's region"
    kinds: tuple[tuple[bool, type[StorageError], str | None], ...] = (
        (
            code in _MISSING_BUCKET,
            BucketMissing,
            "check the bucket's name, and the endpoint and region in [s3]",
        ),
        (code in _MISSING_OBJECT, ObjectMissing, None),
        (code in _WRONG_REGION, StorageDenied, f'set {where} in [location."{location}"]'),
        (code in _DENIED, StorageDenied, _DENIED.get(code)),
        (code in _BUSY or status in _BUSY_STATUS or status >= _SERVER_ERRORS, StorageUnavailable, None),
        (status in _DENIED_STATUS, StorageDenied, _CREDENTIALS),
        (True, StorageError, None),
    )
    kind, hint = next((kind, hint) for holds, kind, hint in kinds if holds)
    said = f"{what}: {details.get('Message') or code} ({code}, HTTP {status})"
    return kind(said, location=location, hint=hint)


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _failed(error: Exception, what: str, location: str) -> StorageError:
    """Return the error for a request that got no answer, or was never sent."""
    from botocore import exceptions as sdk  # noqa: PLC0415 - as above

    said = f"{what}: {in_one_line(str(error))}"
    without_credentials = (
        sdk.NoCredentialsError,
        sdk.PartialCredentialsError,
        sdk.CredentialRetrievalError,
        sdk.NoAuthTokenError,
        sdk.TokenRetrievalError,
        sdk.SSOError,
        sdk.MetadataRetrievalError,
        sdk.ProfileNotFound,
    )
    if isinstance(error, without_credentials):
        return StorageDenied(said, location=location, hint=_CREDENTIALS)
    if isinstance(error, sdk.SSLError):
        hint = "if the certificate's authority is your own, set AWS_CA_BUNDLE to its file"
        return StorageDenied(said, location=location, hint=hint)
    if isinstance(
        error, sdk.ConnectionError | sdk.HTTPClientError | sdk.IncompleteReadError | sdk.ChecksumError
    ):
        return StorageUnavailable(said, location=location, hint="check the endpoint in [s3], and the network")
    return StorageError(said, location=location, hint="check what [s3] says")
