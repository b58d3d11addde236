"""The jail that keeps calls of an agent inside a directory."""

import posixpath
from pathlib import Path

from scylla_restore.engine.lab.refusals import outside_of_root, permission_denied


class Jail:
    """Turns paths of calls into paths of the file system.

    As with the real agent, what a call names as its ``fs`` cannot leave ``root``, and what it names as ``remote``
    can: that part is held by ``outer`` only, the lab's own directory.
    """

    def __init__(self, root: Path, outer: Path) -> None:
        self._root = str(root)
        self._outer = str(outer)

    def base(self, fs_path: str) -> str:
        """Return the absolute path of an ``fs``: relative to the root, or absolute and inside of it.

        Raises:
            CallRefused: it leaves the root.
        """
        if fs_path.startswith("/") and _inside(posixpath.normpath(fs_path), self._root):
            return posixpath.normpath(fs_path)
        path = posixpath.normpath(posixpath.join(self._root, fs_path.lstrip("/")))
        if not _inside(path, self._root):
            raise outside_of_root()
        return path

    def join(self, base: str, remote: str) -> str:
        """Return the absolute path of ``remote`` below ``base``, or wherever its ``..`` lead within the lab.

        Raises:
            CallRefused: it leaves the lab's directory.
        """
        path = posixpath.normpath(posixpath.join(base, remote.lstrip("/")))
        if not _inside(path, self._outer):
            raise permission_denied()
        return path


def _inside(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip("/") + "/")
