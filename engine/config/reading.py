"""Finds and reads the configuration file."""

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path

import msgspec

from scylla_restore.engine.config.decoding import Decoder
from scylla_restore.engine.config.model import AlternatorSettings, ClusterSettings, Config, CqlSettings
from scylla_restore.engine.config.positions import KeyPath, key_lines
from scylla_restore.engine.errors import ConfigurationError

FILE_NAME = "scylla-restore.toml"
_WAYS_TO_TRUST = ("tls_ca", "tls_fingerprint", "insecure")
_LIMIT_BYTES = 1024 * 1024
_READABLE_BY_OTHERS = 0o077


class ConfigFile(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration, the file that it is from (None: there is none), and what a person should know about it."""

    config: Config = Config()
    path: Path | None = None
    warnings: tuple[str, ...] = ()
    lines: dict[KeyPath, int] = {}

    def check_flags(self, known: Iterable[str]) -> None:
        """Check that ``[flags]`` has none but the ``known`` flags, named as on the command line without dashes in front.

        Raises:
            ConfigurationError: it has; names line and nearest flag.
        """
        names = frozenset(known)
        for name in self.config.flags:
            if name not in names and self.path is not None:
                written = next(
                    (key for table, *keys in self.lines for key in keys if _same_flag(table, key, name)), name
                )
                raise Decoder(path=self.path, lines=self.lines).unknown(("flags", written), names)


def find_config(*, directory: Path, environment: Mapping[str, str]) -> Path | None:
    """Return the configuration file to be used when none is named: in ``directory``, else in the user's configuration.

    The latter is ``scylla-restore/`` in ``XDG_CONFIG_HOME``, else in ``.config`` of ``HOME``.
    """
    candidates = [directory / FILE_NAME]
    if environment.get("XDG_CONFIG_HOME"):
        candidates.append(Path(environment["XDG_CONFIG_HOME"]) / "scylla-restore" / FILE_NAME)
    elif environment.get("HOME"):
        candidates.append(Path(environment["HOME"]) / ".config" / "scylla-restore" / FILE_NAME)
    return next((path for path in candidates if path.is_file()), None)


def load_config(path: Path) -> ConfigFile:
    """Read a configuration file. Relative paths in it start from its own directory; no secret is read yet.

    Raises:
        ConfigurationError: it cannot be read, is not TOML, or says what cannot be; names the line.
    """
    text = _read(path)
    try:
        document: dict[str, object] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        raise ConfigurationError(
            f"{path}: not TOML: {words[:1].lower()}{words[1:]}",
            hint="tables stand in [brackets], texts in quotes; the README shows a whole file",
        ) from error
    lines = key_lines(text)
    decoder = Decoder(path=path.absolute(), lines=lines)
    config = decoder.config(document)
    for name, cluster in config.cluster.items():
        _check_trust(decoder, ("cluster", name), cluster)
        _check_trust(decoder, ("cluster", name, "cql"), cluster.cql)
        _check_trust(decoder, ("cluster", name, "alternator"), cluster.alternator)
    return ConfigFile(config=config, path=path.absolute(), warnings=_warnings(path, decoder), lines=lines)


def _check_trust(
    decoder: Decoder, path: KeyPath, settings: ClusterSettings | CqlSettings | AlternatorSettings
) -> None:
    ways = [key for key in _WAYS_TO_TRUST if getattr(settings, key, None)]
    if len(ways) > 1:
        raise decoder.wrong(
            (*path, ways[1]), f"{' and '.join(ways)} exclude each other: give only one of them"
        )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_LIMIT_BYTES + 1)
    except OSError as error:
        raise ConfigurationError(
            f"the configuration file {path} cannot be read: {error.strerror or error}",
            hint="--config names another one",
        ) from error
    if len(content) > _LIMIT_BYTES:
        raise ConfigurationError(f"the configuration file {path} has more than {_LIMIT_BYTES} bytes")
    try:
        return content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise ConfigurationError(f"the configuration file {path} is not UTF-8 text") from error


def _warnings(path: Path, decoder: Decoder) -> tuple[str, ...]:
    warnings = [
        f"{place} is the secret itself; env:NAME or file:PATH would keep it out of the file"
        for place in decoder.literals
    ]
    mode = path.stat().st_mode & 0o777
    if decoder.literals and mode & _READABLE_BY_OTHERS:
        warnings.append(
            f"{path} holds secrets, and others can read it (mode {mode:04o}); chmod 600 ends that"
        )
    return tuple(warnings)


def _same_flag(table: str, key: str, name: str) -> bool:
    return table == "flags" and key.replace("_", "-") == name
