"""One connection: bytes in, replies out, and the end of it told exactly once."""

import asyncio
import socket
from typing import Protocol, cast

from delivery.smtp.replies import Phase, ReplyReader, words
from delivery.smtp.timeouts import Timeouts

HIGH_WATER = 128 * 1024  # bytes not yet taken by the system at which a body waits; a newsletter goes out in one piece


class ConnectionEnded(Exception):
    """The server hung up, was silent for too long, or spoke something that is not SMTP."""


class Listener(Protocol):
    """Who has the word once the connection is open."""

    def hear(self, replies: list[bytes]) -> None:
        """The server said this."""

    def writable(self) -> None:
        """What was held back may be written."""

    def lost(self, reason: str) -> None:
        """Called once, when nothing more will be heard."""

    def broke(self, error: Exception) -> None:
        """An error came out of one of the others."""


class Connection(asyncio.Protocol):
    """First asked question by question, by whoever opens it; then in the hands of a listener."""

    transport: asyncio.Transport

    def __init__(self, timeouts: Timeouts) -> None:
        self.timeouts = timeouts
        self.loop = asyncio.get_running_loop()
        self.is_paused = False
        self.end = ""
        self._reader = ReplyReader()
        self._listener: Listener | None = None
        self._heard: list[bytes] = []
        self._asker: asyncio.Future[None] | None = None

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._use(cast("asyncio.Transport", transport))  # uvloop's have the methods and not the base class

    def data_received(self, data: bytes) -> None:
        replies = self._reader.feed(data)
        if self._listener is None:
            self._heard += replies
            self._wake()
        elif replies:
            try:
                self._listener.hear(replies)
            except Exception as error:  # noqa: BLE001  # the loop would log it and go on; it has to reach the worker
                self._listener.broke(error)
        if self._reader.fault:
            self.drop(f"The server sent {self._reader.fault}.")

    def pause_writing(self) -> None:
        self.is_paused = True

    def resume_writing(self) -> None:
        self.is_paused = False
        if self._listener is not None and not self.end:
            try:
                self._listener.writable()
            except Exception as error:  # noqa: BLE001  # as above
                self._listener.broke(error)

    def connection_lost(self, exc: Exception | None) -> None:
        self._ended(f"The connection broke: {exc}." if exc else "The server closed the connection.")

    # What the opener and the listener call.

    async def ask(self, phase: Phase, command: str | None = None) -> bytes:
        """The reply to a command, or to nothing. Raises `ConnectionEnded`."""
        if command is not None:
            if self._heard:
                raise ConnectionEnded(f"The server spoke out of turn: {words(self._heard[0])}")
            if not self.end:
                self.transport.write(f"{command}\r\n".encode())
        return await self._reply(phase)

    async def _reply(self, phase: Phase) -> bytes:
        seconds = self.timeouts.of(phase)
        try:
            async with asyncio.timeout(seconds):
                while not self._heard:
                    if self.end:
                        raise ConnectionEnded(self.end)
                    self._asker = self.loop.create_future()
                    await self._asker
        except TimeoutError as error:
            raise ConnectionEnded(silence(phase, seconds)) from error
        return self._heard.pop(0)

    async def encrypt(self, upgrade: "Upgrade") -> None:
        """Go on over TLS.

        What came in clear text after the server's word to begin is not from the server that we are about to verify
        (CVE-2011-0411): raises `ConnectionEnded`. Raises OSError where the handshake fails.
        """
        if self._heard or not self._reader.is_clean:
            raise ConnectionEnded("Something was put into the conversation before it was encrypted.")
        transport = await upgrade(self.transport, self)
        if transport is None:
            raise ConnectionEnded(self.end or "The connection broke while it was being encrypted.")
        self._reader = ReplyReader()
        self._use(transport)

    def hand_over(self, listener: Listener) -> None:
        """From now on `listener` hears everything, at once what has been said or has happened meanwhile."""
        self._listener = listener
        if self._heard:
            listener.hear(self._heard)
        if self.end:
            listener.lost(self.end)

    def drop(self, reason: str) -> None:
        """Hang up without a word."""
        self.transport.abort()
        self._ended(reason)

    def close(self) -> None:
        """Hang up once everything is written."""
        self.transport.close()

    def _use(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        connected = transport.get_extra_info("socket")
        if connected is not None and connected.family != socket.AF_UNIX:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        transport.set_write_buffer_limits(high=HIGH_WATER, low=0)

    def _ended(self, reason: str) -> None:
        if self.end:
            return
        self.end = reason
        self._wake()
        if self._listener is not None:
            try:
                self._listener.lost(reason)
            except Exception as error:  # noqa: BLE001  # as above
                self._listener.broke(error)

    def _wake(self) -> None:
        if self._asker is not None and not self._asker.done():
            self._asker.set_result(None)


class Upgrade(Protocol):
    """What turns a connection into an encrypted one."""

    async def __call__(self, transport: asyncio.Transport, connection: Connection) -> asyncio.Transport | None:
        """The new transport."""


def silence(phase: Phase, seconds: float) -> str:
    return f"No answer to {phase.value} within {seconds:g} seconds."
