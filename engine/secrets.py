"""Tokens, keys and passwords: where they are kept, and how they are kept out of sight."""

from collections.abc import Mapping
from pathlib import Path

from scylla_restore.engine.errors import ConfigurationError

_LIMIT_BYTES = 64 * 1024
_ENVIRONMENT = "env:"
_FILE = "file:"


class Secret:
    """A secret's value. It shows itself only to those who ask with ``reveal``."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value. Never put it into an error, a log line or an event."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a secret cannot be pickled")


class SecretReference:
    """Where a secret is to be had: ``env:NAME``, ``file:PATH``, or the text itself.

    ``text`` is as configured; ``directory`` is what a relative path starts from. Nothing is read before ``resolve``.
    """

    __slots__ = ("_text", "directory")

    def __init__(self, text: str, directory: Path | None = None) -> None:
        self._text = text
        self.directory = directory

    @property
    def is_literal(self) -> bool:
        """Whether the text is the secret itself, which deserves a warning."""
        return not self._text.startswith((_ENVIRONMENT, _FILE))

    def relative_to(self, directory: Path) -> "SecretReference":
        """Return the same reference, with relative paths starting from ``directory``."""
        return SecretReference(self._text, directory)

    def resolve(self, environment: Mapping[str, str], *, what: str) -> Secret:
        """Return the secret; ``what`` names it in errors: ``auth_token of cluster prod``.

        Raises:
            ConfigurationError: the variable is not set, or the file cannot be read, or there is nothing in it.
        """
        if self._text.startswith(_ENVIRONMENT):
            name = self._text.removeprefix(_ENVIRONMENT)
            value = environment.get(name)
            if value is None:
                raise ConfigurationError(
                    f"{what} refers to the environment variable {name}, which is not set",
                    hint=f"export {name}, or refer to a file with file:PATH",
                )
        elif self._text.startswith(_FILE):
            value = self._read_file(what)
        else:
            value = self._text
        if not value:
            raise ConfigurationError(f"{what} is empty ({self})")
        return Secret(value)

    def _read_file(self, what: str) -> str:
        path = Path(self._text.removeprefix(_FILE)).expanduser()
        if self.directory is not None:
            path = self.directory / path
        try:
            with path.open("rb") as file:
                content = file.read(_LIMIT_BYTES + 1)
        except OSError as error:
            raise ConfigurationError(
                f"{what} refers to the file {path}, which cannot be read: {error.strerror or error}"
            ) from error
        if len(content) > _LIMIT_BYTES:
            raise ConfigurationError(f"{what} refers to the file {path}, which is too large for a secret")
        try:
            return content.decode().strip()
        except UnicodeDecodeError as error:
            raise ConfigurationError(f"{what} refers to the file {path}, which is not text") from error

    def __str__(self) -> str:
        return "***" if self.is_literal else self._text

    def __repr__(self) -> str:
        return f"SecretReference({self})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, SecretReference)
            and self._text == other._text
            and self.directory == other.directory
        )

    def __hash__(self) -> int:
        return hash((self._text, self.directory))
