"""What Azure's servers, or the SDK in front of them, say, in the words of the port."""

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from scylla_restore.engine.errors import (
    BucketMissing,
    ObjectMissing,
    StorageDenied,
    StorageError,
    StorageUnavailable,
)
from scylla_restore.engine.storage.words import in_one_line

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

CREDENTIALS = "set account and key in [azure], or what the Azure SDK looks for"
_RIGHTS = "let the account list the container and read its blobs (the role Storage Blob Data Reader)"
_NEW_ONES = "the credentials are wrong or have expired: check account and key, get new ones, then resume"

_MISSING_BUCKET = frozenset({"ContainerNotFound", "ContainerBeingDeleted", "ContainerDisabled"})
_BUSY_STATUS = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS})
_DENIED = {
    "AuthenticationFailed": _NEW_ONES,
    "InvalidAuthenticationInfo": _NEW_ONES,
    "NoAuthenticationInformation": CREDENTIALS,
    "AuthorizationFailure": _RIGHTS,
    "AuthorizationPermissionMismatch": _RIGHTS,
    "AuthorizationResourceTypeMismatch": _RIGHTS,
    "AuthorizationServiceMismatch": _RIGHTS,
    "AuthorizationProtocolMismatch": "the SAS token is for https only: check the endpoint",
    "AuthorizationSourceIPMismatch": "the SAS token, or the account's firewall, does not let this machine in",
    "InsufficientAccountPermissions": _RIGHTS,
    "AccountIsDisabled": "see to the account",
    "KeyBasedAuthenticationNotPermitted": "the account takes no keys: leave `key` out and use an identity",
    "PublicAccessNotPermitted": CREDENTIALS,
    "BlobArchived": "the blob is archived: bring it back from the archive first",
    "BlobBeingRehydrated": "the blob is on its way back from the archive: try again later",
}
_SIGNATURE = re.compile(r"sig=[^&\s'\"]+", re.IGNORECASE)


def storage_error(error: Exception, *, location: str, what: str) -> StorageError:
    """Return the port's error for one of the SDK's; ``what`` names the object or prefix it was about.

    An exception that is not the SDK's is raised again: it is a defect of ours.
    """
    from azure.core import exceptions as sdk  # noqa: PLC0415 - heavy; not for localstorage

    if isinstance(error, StorageError):
        return error
    name = f"{location}/{what}"
    said = f"{name}: {_words(error)}"
    match error:
        case sdk.HttpResponseError() if error.response is not None:
            return _refused(error, name, location)
        case sdk.ClientAuthenticationError():
            return StorageDenied(said, location=location, hint=CREDENTIALS)
        case sdk.ServiceRequestError() if "CERTIFICATE_VERIFY_FAILED" in said or "SSL" in said:
            hint = "if the certificate's authority is your own, set REQUESTS_CA_BUNDLE to its file"
            return StorageDenied(said, location=location, hint=hint)
        case sdk.ServiceRequestError() | sdk.ServiceResponseError() | sdk.HttpResponseError():
            hint = "check account and endpoint in [azure], and the network"
            return StorageUnavailable(said, location=location, hint=hint)
        case sdk.AzureError():
            return StorageDenied(said, location=location, hint=CREDENTIALS)
        case _:
            raise error


def _refused(error: "HttpResponseError", name: str, location: str) -> StorageError:
    """Return the error for a request that was answered with no."""
    status = error.status_code or 0
    code = str(getattr(getattr(error, "error_code", None), "value", None) or getattr(error, "error_code", ""))
    said = f"{name}: {_words(error)} ({code or 'no code'}, HTTP {status})"
    if code in _MISSING_BUCKET:
        hint = "check the container's name, and account and endpoint in [azure]"
        return BucketMissing(said, location=location, hint=hint)
    if code in _DENIED:
        return StorageDenied(said, location=location, hint=_DENIED[code])
    if status in _BUSY_STATUS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return StorageUnavailable(said, location=location)
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return StorageDenied(said, location=location, hint=CREDENTIALS)
    if status == HTTPStatus.NOT_FOUND:
        return ObjectMissing(said, location=location)
    return StorageError(said, location=location)


def _words(error: Exception) -> str:
    """Return what was said, without the details that the SDK adds, and without a token's signature."""
    text = str(getattr(error, "message", "") or error)
    text = re.split(r"\s*(?:RequestId:|ErrorCode:|\bContent:)", text, maxsplit=1)[0]
    return _SIGNATURE.sub("sig=***", in_one_line(text)) or type(error).__name__
