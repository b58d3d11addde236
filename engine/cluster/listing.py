"""What an agent lists."""

import msgspec

from scylla_restore.engine.cluster.http import AnswerCut
from scylla_restore.engine.cluster.paths import is_listed_path
from scylla_restore.engine.cluster.port import RemoteFile


class _Item(msgspec.Struct, frozen=True, rename="pascal"):
    path: str
    size: int
    is_dir: bool = False


class _Listing(msgspec.Struct, frozen=True):
    list: tuple[_Item, ...]


_decoder = msgspec.json.Decoder(_Listing)


def decode_listing(body: bytes, *, recursive: bool) -> tuple[RemoteFile, ...]:
    """Read a listing, which has paths of several levels only if it is ``recursive``.

    Raises:
        AnswerCut: it ends in the middle, as it does after an error of the agent's, although its status is 200.
        ValueError: it has names or sizes that cannot be.
        msgspec.MsgspecError: it is no listing.
    """
    if not body.rstrip().endswith(b"]}"):
        raise AnswerCut("the listing ends in the middle")
    items = _decoder.decode(body).list
    for item in items:
        if not is_listed_path(item.path, recursive=recursive):
            raise ValueError(f"the listing names {item.path!r}, which cannot be a name in it")
        if item.size < 0 and not item.is_dir:
            raise ValueError(f"the listing gives {item.path!r} a size of {item.size}")
    return tuple(RemoteFile(path=item.path, size=item.size, is_dir=item.is_dir) for item in items)
