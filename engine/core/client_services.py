"""What a node tells of where it serves clients: CQL and Alternator."""

import msgspec

_ANY_ADDRESS = frozenset({"", "0.0.0.0", "::", "::0", "0:0:0:0:0:0:0:0"})  # noqa: S104 - read, nothing binds to it


class Served(msgspec.Struct, frozen=True, order=True):
    """Where something is served; IPv6 addresses stand without brackets."""

    host: str
    port: int
    tls: bool


class ClientServices(msgspec.Struct, frozen=True, kw_only=True):
    """As in the agent's ``node_info``, as far as it is about that, beside the node's own ``address``; ports are texts, ``0`` or nothing is "not served"."""

    address: str = ""
    rpc_address: str = ""
    broadcast_rpc_address: str = ""
    native_transport_port: str = ""
    native_transport_port_ssl: str = ""
    client_encryption_enabled: bool = False
    alternator_address: str = ""
    alternator_port: str = ""
    alternator_https_port: str = ""

    @property
    def cql(self) -> Served | None:
        """Where CQL is served, None if it is not.

        With encryption the port for it, where there is one beside the plain one; a node without such a port encrypts on
        the only one that it has.
        """
        tls = self.client_encryption_enabled
        port = (_port(self.native_transport_port_ssl) if tls else 0) or _port(self.native_transport_port)
        host = _first_of(self.broadcast_rpc_address, self.rpc_address, self.address)
        return Served(host, port, tls) if port else None

    @property
    def alternator(self) -> Served | None:
        """Where Alternator is served, None if it is not; encrypted if it can be had."""
        secure, plain = _port(self.alternator_https_port), _port(self.alternator_port)
        host = _first_of(self.alternator_address, self.address)
        return Served(host, secure or plain, secure != 0) if secure or plain else None


def _port(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0


def _first_of(*addresses: str) -> str:
    return next((address for address in addresses if address not in _ANY_ADDRESS), addresses[-1])
