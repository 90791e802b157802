"""From a host name to a connection that takes mail: greeting, EHLO, encryption, signing in."""

import asyncio
import os
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from delivery.fates import RelayTrouble
from delivery.smtp.envelopes import Capabilities
from delivery.smtp.protocol import Connection, ConnectionEnded
from delivery.smtp.replies import Phase, code_of, is_success, judge
from delivery.smtp.signing_in import sign_in
from delivery.smtp.timeouts import Timeouts
from emailops.lib.mailurl import MailSettings


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens connections to one relay.

    `trust` says which certificates are believed; the system's own are, by default. `access_token` is asked at each
    opening, because tokens expire, and takes the place of the settings' own; with either, one signs in by token.
    """

    mail: MailSettings
    timeouts: Timeouts = field(default_factory=Timeouts)
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    access_token: Callable[[], str] | None = None

    async def open(self) -> tuple[Connection, Capabilities]:
        """A connection that is encrypted and signed in as the settings ask. Raises `RelayTrouble`."""
        try:
            connection = await self._connect()
            try:
                return connection, await self._introduce(connection)
            except BaseException:
                connection.transport.abort()
                raise
        except ssl.SSLCertVerificationError as error:
            words = f"The certificate of {self.mail.host} cannot be trusted: {error.verify_message}."
            raise RelayTrouble(words, is_lasting=True) from error
        except (ConnectionEnded, OSError) as error:
            raise RelayTrouble(words_of(error), is_lasting=False) from error

    async def _connect(self) -> Connection:
        loop = asyncio.get_running_loop()
        mail, trust = self.mail, self.trust if self.mail.implicit_tls else None
        patience = self.timeouts.connect + (self.timeouts.tls if trust else 0)
        try:
            async with asyncio.timeout(patience):
                _transport, connection = await loop.create_connection(
                    lambda: Connection(self.timeouts),
                    mail.host,
                    mail.port,
                    ssl=trust,
                    server_hostname=mail.host if trust else None,
                )
        except TimeoutError as error:
            raise ConnectionEnded(f"No connection to {self.mail.host} within {patience:g} seconds.") from error
        return connection

    async def _introduce(self, connection: Connection) -> Capabilities:
        require_private(self.mail, connection)
        _require(Phase.GREETING, await connection.ask(Phase.GREETING))
        server = await hello(connection)
        if self.mail.starttls:
            server = await self._encrypt(connection, server)
        token = self.access_token() if self.access_token else self.mail.token
        if self.mail.user:
            require_privacy(self.mail, connection)
            await sign_in(connection, server.auth, self.mail, token)
        return server

    async def _encrypt(self, connection: Connection, server: Capabilities) -> Capabilities:
        """STARTTLS or nothing; what the server said in clear text is forgotten (RFC 3207 section 4.2)."""
        if not server.starttls:
            raise RelayTrouble(f"{self.mail.host} offers no encryption, and we are to insist on it.", is_lasting=True)
        _require(Phase.STARTTLS, await connection.ask(Phase.STARTTLS, "STARTTLS"))
        await connection.encrypt(self._upgrade)
        return await hello(connection)

    async def _upgrade(self, transport: asyncio.Transport, connection: Connection) -> asyncio.Transport | None:
        try:
            async with asyncio.timeout(self.timeouts.tls):
                return await connection.loop.start_tls(
                    transport, connection, self.trust, server_hostname=self.mail.host
                )
        except TimeoutError as error:
            raise ConnectionEnded(f"No encryption within {self.timeouts.tls:g} seconds.") from error


def words_of(error: Exception) -> str:
    """What happened, in the system's words, without the numbers and addresses of a call."""
    match error:
        case ssl.SSLCertVerificationError():
            said = error.verify_message
        case ssl.SSLError() | socket.gaierror() | TimeoutError():
            said = error.strerror or str(error)
        case OSError() if error.errno:
            said = os.strerror(error.errno)
        case _:
            said = str(error)
    return said or "No answer in time."


def require_privacy(mail: MailSettings, connection: Connection) -> None:
    """A password goes over TLS, or in clear text to a server on this very machine. Raises `RelayTrouble`."""
    if not mail.is_encrypted and not is_on_this_machine(connection.transport.get_extra_info("peername")):
        words = "A password is never sent in clear text over a network: choose STARTTLS or TLS."
        raise RelayTrouble(words, is_lasting=True)


def require_private(mail: MailSettings, connection: Connection) -> None:
    """Where the settings say so, clear text goes only to this machine or a private network. Raises `RelayTrouble`."""
    peer = connection.transport.get_extra_info("peername")
    if mail.is_private_only and not (peer and _address(peer).is_private):
        raise RelayTrouble(f"{mail.host} is not in a private network: choose STARTTLS or TLS.", is_lasting=True)


def is_on_this_machine(peer: Sequence[object] | None) -> bool:
    """Whether the other end, as a socket names it, is reached without a network."""
    return peer is not None and _address(peer).is_loopback


def _address(name: Sequence[object]) -> IPv4Address | IPv6Address:
    return ip_address(str(name[0]).partition("%")[0])  # what follows a percent sign is the interface


def _require(phase: Phase, reply: bytes) -> None:
    verdict = None if is_success(reply) else judge(phase, reply)
    if isinstance(verdict, RelayTrouble):
        raise verdict


async def hello(connection: Connection) -> Capabilities:
    """EHLO, or HELO for a server of before 1995 (RFC 5321 section 3.2). Raises `RelayTrouble`."""
    name = _our_name(connection)
    reply = await connection.ask(Phase.EHLO, f"EHLO {name}")
    if is_success(reply):
        return Capabilities.read(reply)
    if code_of(reply) >= 500:
        reply = await connection.ask(Phase.EHLO, f"HELO {name}")
    _require(Phase.EHLO, reply)
    return Capabilities()


def _our_name(connection: Connection) -> str:
    """The name of this machine where it has a full one, else its address (RFC 5321 section 4.1.4)."""
    name = socket.gethostname()
    if "." in name and name.isascii():
        return name
    address = _address(connection.transport.get_extra_info("sockname") or ("127.0.0.1",))
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"
