"""From a TOML document to the model, with the place of whatever does not fit."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from scylla_restore.engine.config.model import (
    AzureSettings,
    Config,
    GcsSettings,
    LocalStorageSettings,
    S3Settings,
    StorageSettings,
)
from scylla_restore.engine.config.positions import KeyPath, line_of
from scylla_restore.engine.errors import ConfigurationError
from scylla_restore.engine.secrets import SecretReference

ShapeT = TypeVar("ShapeT", bound=msgspec.Struct)
Table = Mapping[str, object]

_STORAGE: Mapping[str, type[StorageSettings]] = {
    "s3": S3Settings,
    "gcs": GcsSettings,
    "azure": AzureSettings,
    "localstorage": LocalStorageSettings,
}
_CREDENTIALS: Mapping[str, frozenset[str]] = {
    "s3": frozenset(
        {"access_key_id", "secret_access_key", "session_token", "profile", "shared_credentials_file"}
    ),
    "gcs": frozenset({"service_account_file", "service_account_credentials", "anonymous"}),
    "azure": frozenset(
        {
            "account",
            "key",
            "sas_url",
            "use_msi",
            "msi_client_id",
            "msi_object_id",
            "msi_mi_res_id",
            "service_principal_file",
            "use_emulator",
        }
    ),
}
"""Keys that belong together: a location that has one of them inherits none of the others."""
_NOT_SO_SECRET = frozenset({"access_key_id"})


class Decoder:
    """Decodes one document. ``literals`` collects where secrets stand in the file itself."""

    def __init__(self, *, path: Path, lines: dict[KeyPath, int]) -> None:
        self._path = path
        self._lines = lines
        self.literals: list[str] = []

    def config(self, document: Table) -> Config:
        """Decode the whole document.

        Raises:
            ConfigurationError: a key is unknown, or a value is not what it should be.
        """
        own = {key: value for key, value in document.items() if key not in {"location", "flags"}}
        config = self._table(own, Config, (), also_known=("location", "flags"))
        return msgspec.structs.replace(
            config,
            location=self._locations(document),
            flags={key.replace("_", "-"): value for key, value in self._flags(document).items()},
        )

    def place(self, path: KeyPath) -> str:
        """Return file and line of a key."""
        line = line_of(self._lines, path)
        return str(self._path) if line is None else f"{self._path}:{line}"

    def unknown(self, path: KeyPath, known: Iterable[str]) -> ConfigurationError:
        """Return the error for a key that is none of the ``known``."""
        names = sorted(known)
        near = difflib.get_close_matches(path[-1], names, n=1)
        inside = f" in [{_dotted(path[:-1])}]" if path[:-1] else ""
        return ConfigurationError(
            f"{self.place(path)}: unknown key {path[-1]!r}{inside}",
            hint=f"did you mean {near[0]!r}?" if near else f"known are: {', '.join(names)}",
        )

    def wrong(self, path: KeyPath, words: str) -> ConfigurationError:
        """Return the error for a value that does not fit."""
        return ConfigurationError(
            f"{self.place(path)}: {_dotted(path)}: {words[:1].lower()}{words[1:].rstrip('.')}"
        )

    def _table(
        self, table: Table, shape: type[ShapeT], path: KeyPath, *, also_known: tuple[str, ...] = ()
    ) -> ShapeT:
        types = get_type_hints(shape, include_extras=True)
        values: dict[str, object] = {}
        for key, value in table.items():
            if key not in types:
                raise self.unknown((*path, key), (*types, *also_known))
            if value != "":
                values[key] = self._value(value, types[key], (*path, key))
        return shape(**values)

    def _value(self, value: object, kind: Any, path: KeyPath) -> object:  # noqa: ANN401  # a type, which typing has no type for
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            return self._table(self._as_table(value, path), kind, path)
        if get_origin(kind) is dict and _is_struct(get_args(kind)[1]):
            return {
                key: self._table(self._as_table(entry, (*path, key)), get_args(kind)[1], (*path, key))
                for key, entry in self._as_table(value, path).items()
            }
        converted = self._convert(value, kind, path)
        if isinstance(converted, SecretReference) and path[-1] not in _NOT_SO_SECRET and converted.is_literal:
            self.literals.append(f"{self.place(path)}: {_dotted(path)}")
        return converted

    def _convert(self, value: object, kind: Any, path: KeyPath) -> object:  # noqa: ANN401
        def hook(wanted: type, given: object) -> object:
            if not isinstance(given, str):
                raise TypeError(f"Expected `str`, got `{type(given).__name__}`")
            if wanted is SecretReference:
                return SecretReference(given, self._path.parent)
            if wanted is Path:
                return self._path.parent / Path(given).expanduser()
            raise NotImplementedError

        try:
            return cast("object", msgspec.convert(value, kind, dec_hook=hook))
        except msgspec.ValidationError as error:
            raise self.wrong(path, str(error)) from error

    def _as_table(self, value: object, path: KeyPath) -> Table:
        if not isinstance(value, dict):
            raise self.wrong(path, f"expected a table, got `{type(value).__name__}`")
        return cast("Table", value)

    def _locations(self, document: Table) -> dict[str, StorageSettings]:
        locations: dict[str, StorageSettings] = {}
        for name, value in self._as_table(document.get("location", {}), ("location",)).items():
            path = ("location", name)
            own = self._as_table(value, path)
            provider, _, bucket = name.partition(":")
            shape = _STORAGE.get(provider)
            if shape is None or not bucket:
                raise self.wrong(
                    path, f"not a location: expected one of {', '.join(_STORAGE)}, `:`, a bucket"
                )
            self._table(own, shape, path)  # for errors with this table's lines
            together = _CREDENTIALS.get(provider, frozenset())
            shared = self._as_table(document.get(provider, {}), (provider,))
            inherited = {
                key: given for key, given in shared.items() if together.isdisjoint(own) or key not in together
            }
            locations[name] = self._merged(shape, {**inherited, **own}, path)
        return locations

    def _merged(self, shape: type[StorageSettings], table: Table, path: KeyPath) -> StorageSettings:
        known = len(self.literals)
        settings = self._table(table, shape, path)
        del self.literals[known:]  # they have been counted where they stand
        return settings

    def _flags(self, document: Table) -> Mapping[str, bool | int | float | str | tuple[str, ...]]:
        flags: dict[str, bool | int | float | str | tuple[str, ...]] = {}
        for name, value in self._as_table(document.get("flags", {}), ("flags",)).items():
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                flags[name] = tuple(value)
            elif isinstance(value, (bool, int, float, str)):
                flags[name] = value
            else:
                raise self.wrong(
                    ("flags", name), "expected a text, a number, true, false, or a list of texts"
                )
        return flags


def _is_struct(kind: Any) -> bool:  # noqa: ANN401
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _dotted(path: KeyPath) -> str:
    return ".".join(key if key.replace("-", "_").isidentifier() else f'"{key}"' for key in path)
