"""Where an agent is reached, and how long and how often it is asked."""

import hashlib

import msgspec

from scylla_restore.engine.errors import ConfigurationError

_HIGHEST_PORT = 65535


class Endpoint(msgspec.Struct, frozen=True):
    """A host (name or address, IPv6 without brackets) and a port."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, *, default_port: int) -> "Endpoint":
        """Read ``host``, ``host:port``, ``[IPv6]:port`` or a bare IPv6 address.

        Raises:
            ConfigurationError: it is none of these.
        """
        host, port = text, ""
        if text.startswith("["):
            host, bracket, rest = text[1:].partition("]")
            if not bracket or (rest and not rest.startswith(":")):
                raise ConfigurationError(f"not an address of an agent: {text!r}")
            port = rest[1:]
        elif text.count(":") == 1:
            host, _, port = text.partition(":")
            if not port:
                raise ConfigurationError(f"there is no port after the colon: {text!r}")
        if not host or any(character.isspace() or character in "/@?#[]" for character in host):
            raise ConfigurationError(f"not an address of an agent: {text!r}")
        if not port:
            return cls(host, default_port)
        if not (port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT):
            raise ConfigurationError(f"not a port: {port!r} in {text!r}")
        return cls(host, int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long an agent may take, in seconds.

    ``request_s`` is for a whole call; a long poll has it on top of its wait. ``listing_silence_s`` is the longest
    pause in a streamed listing, ``listing_s`` the whole of it. After ``load_s`` load&stream's answer counts as lost.
    """

    connect_s: float = 5.0
    request_s: float = 30.0
    listing_silence_s: float = 120.0
    listing_s: float = 3600.0
    load_s: float = 600.0


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often a call that may be repeated is made, and the seconds between, which double each time."""

    attempts: int = 4
    first_delay_s: float = 0.5
    longest_delay_s: float = 8.0
    spread: float = 0.2

    def delay_s(self, *, attempt: int, seed: str) -> float:
        """Return the pause after failed ``attempt`` (from 1), spread evenly by ``seed`` and by nothing random."""
        delay = min(self.first_delay_s * 2.0 ** (attempt - 1), self.longest_delay_s)
        digest = hashlib.sha256(f"{seed}/{attempt}".encode()).digest()
        position = int.from_bytes(digest[:8]) / 2**64  # in [0, 1)
        return delay * (1 - self.spread + 2 * self.spread * position)
