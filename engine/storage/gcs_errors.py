"""What Google's servers, or the SDK in front of them, say, in the words of the port."""

from http import HTTPStatus

from scylla_restore.engine.errors import (
    BucketMissing,
    ObjectMissing,
    StorageDenied,
    StorageError,
    StorageUnavailable,
)
from scylla_restore.engine.storage.words import in_one_line

CREDENTIALS = "set service_account_file in [gcs], or what Google's SDK looks for"
_REFUSED = "check the service account's key: it may be another one's, expired, or taken back"
_RIGHTS = "let the account list the bucket and read its objects (storage.objects.list, storage.objects.get)"
_BUSY = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})


def storage_error(error: Exception, *, location: str, what: str, of_bucket: bool = False) -> StorageError:
    """Return the port's error for one of the SDK's; ``what`` names the object or prefix it was about.

    What is missing is the bucket, if ``of_bucket``, else the object. An exception that is not the SDK's is raised
    again: it is a defect of ours.
    """
    import requests  # noqa: PLC0415 - heavy; not for localstorage
    import urllib3  # noqa: PLC0415 - heavy, too
    from google.api_core import exceptions as api  # noqa: PLC0415 - heavy, too
    from google.auth import exceptions as auth  # noqa: PLC0415 - heavy, too
    from google.cloud.storage.exceptions import DataCorruption, InvalidResponse  # noqa: PLC0415 - heavy, too

    name = f"{location}/{what}"
    said = f"{name}: {in_one_line(str(error.args[0] if error.args else error))}"
    found: StorageError
    match error:
        case api.RetryError() if isinstance(error.cause, Exception):
            found = storage_error(error.cause, location=location, what=what, of_bucket=of_bucket)
        case api.GoogleAPICallError():
            found = _refused(error.code or 0, error.message or "", name, location, of_bucket=of_bucket)
        case DataCorruption():
            found = StorageUnavailable(
                f"{name}: its content is not what its checksum says", location=location
            )
        case InvalidResponse():
            found = _refused(error.response.status_code, said, name, location, of_bucket=of_bucket)
        case auth.RefreshError() if error.retryable:
            found = StorageUnavailable(said, location=location)
        case auth.RefreshError():
            found = StorageDenied(said, location=location, hint=_REFUSED)
        case (
            auth.TransportError()
            | requests.RequestException()
            | urllib3.exceptions.HTTPError()
            | ConnectionError()
        ):
            found = _no_answer(error, said, location)
        case auth.GoogleAuthError():
            found = StorageDenied(said, location=location, hint=CREDENTIALS)
        case _:
            raise error
    return found


def _refused(status: int, words: str, name: str, location: str, *, of_bucket: bool) -> StorageError:
    """Return the error for a request that was answered with no."""
    said = f"{name}: {in_one_line(words) or 'no reason given'} (HTTP {status})"
    if status == HTTPStatus.NOT_FOUND:
        if of_bucket:
            return BucketMissing(said, location=location, hint="check the bucket's name, and [gcs]")
        return ObjectMissing(said, location=location)
    if status == HTTPStatus.UNAUTHORIZED:
        return StorageDenied(said, location=location, hint=_REFUSED)
    if status == HTTPStatus.FORBIDDEN:
        return StorageDenied(said, location=location, hint=_RIGHTS)
    if status in _BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StorageUnavailable(said, location=location)
    return StorageError(said, location=location)


def _no_answer(error: Exception, said: str, location: str) -> StorageError:
    import requests  # noqa: PLC0415 - as above

    if isinstance(error, requests.exceptions.SSLError):
        hint = "if the certificate's authority is your own, set REQUESTS_CA_BUNDLE to its file"
        return StorageDenied(said, location=location, hint=hint)
    if isinstance(error, requests.exceptions.InvalidURL | requests.exceptions.InvalidSchema):
        return StorageError(said, location=location, hint="check the endpoint in [gcs]")
    return StorageUnavailable(said, location=location, hint="check the endpoint in [gcs], and the network")
