"""An SMTP server on loopback that says what a test tells it to, at any moment of the conversation.

Everything runs in threads of its own and touches no database, so what it keeps is what really went over the wire.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import StrEnum
from typing import BinaryIO

from emailops.lib.mailurl import SMTP_BACKEND, MailSettings

WINDOW = 64 * 1024  # bytes that are taken unread: as over a network, a long body does not leave all at once
SOME = 4096  # bytes of a body that are read before the connection is dropped in the middle of it


class Phase(StrEnum):
    """A moment of the conversation at which something can be said."""

    BANNER = "banner"
    EHLO = "ehlo"
    STARTTLS = "starttls"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    RSET = "rset"


ANSWERS = {
    Phase.BANNER: "220 sink ready",
    Phase.STARTTLS: "220 2.0.0 Go ahead",
    Phase.AUTH: "235 2.7.0 Welcome",
    Phase.MAIL: "250 2.1.0 Ok",
    Phase.RCPT: "250 2.1.5 Ok",
    Phase.DATA: "354 Go on",
    Phase.DOT: "250 2.0.0 Taken",
    Phase.RSET: "250 2.0.0 Ok",
}
DROP = "drop"
"""Close the connection instead of answering. At `Phase.DOT` the message is lost; `DROP_KEPT` keeps it all the same."""
DROP_KEPT = "drop and keep"


@dataclass(frozen=True)
class Received:
    """A message that was taken: as it stood on the wire between DATA and the dot, and who it was for."""

    sender: str
    recipient: str
    wire: bytes

    @property
    def raw(self) -> bytes:
        """Without the dots that were doubled on the way (RFC 5321 section 4.5.2)."""
        return self.wire.replace(b"\r\n..", b"\r\n.")

    @property
    def parsed(self) -> EmailMessage:
        message = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message


@dataclass
class _Rule:
    phase: Phase
    answer: str
    recipient: str = ""
    left: int | None = None

    def fits(self, phase: Phase, recipient: str) -> bool:
        return phase == self.phase and self.recipient in {"", recipient} and self.left != 0


@dataclass
class Sink:
    """What was taken, and what will be said. `before` is called at each phase, from the connection's own thread.

    With a `certificate` it takes STARTTLS.
    """

    port: int = 0
    taken: list[Received] = field(default_factory=list)
    connections: int = 0
    commands: list[str] = field(default_factory=list)
    extensions: list[str] = field(default_factory=lambda: ["8BITMIME", "SMTPUTF8"])
    certificate: ssl.SSLContext | None = None
    before: Callable[[Phase, str], None] = lambda _phase, _recipient: None
    _rules: list[_Rule] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def says(self, phase: Phase, answer: str, *, to: str = "", times: int | None = None) -> None:
        """Answer like this from now on: always, or so many times; to everybody, or where this is the recipient."""
        self._rules.append(_Rule(phase, answer, to, times))

    def relents(self) -> None:
        """Be an ordinary server again."""
        self._rules.clear()

    def answer(self, phase: Phase, recipient: str = "") -> str:
        self.before(phase, recipient)
        with self._lock:
            rule = next((rule for rule in self._rules if rule.fits(phase, recipient)), None)
            if rule is None:
                return ANSWERS.get(phase, "")
            if rule.left is not None:
                rule.left -= 1
            return rule.answer

    @property
    def recipients(self) -> list[str]:
        return [message.recipient for message in self.taken]

    @property
    def mail_settings(self) -> MailSettings:
        return MailSettings(SMTP_BACKEND, host="127.0.0.1", port=self.port)


@contextmanager
def running_sink(sink: Sink | None = None) -> Iterator[Sink]:
    """A sink that listens on a free port of its own; an ordinary one, unless another is given."""
    sink = sink or Sink()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
        sink.port = server.getsockname()[1]
        threading.Thread(target=_accept, args=(server, sink), daemon=True).start()
        yield sink


def _accept(server: socket.socket, sink: Sink) -> None:
    while True:
        try:
            connection, _address = server.accept()
        except OSError:
            return  # the test is over
        sink.connections += 1
        threading.Thread(target=_serve, args=(connection, sink), daemon=True).start()


def _serve(connection: socket.socket, sink: Sink) -> None:
    with suppress(OSError), connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _Conversation(connection, sink).hold()


class _Dropped(Exception):
    """The script said to hang up."""


class _Conversation:
    def __init__(self, connection: socket.socket, sink: Sink) -> None:
        self.connection = connection
        self.lines: BinaryIO = connection.makefile("rb")
        self.sink = sink
        self.sender = ""
        self.recipient = ""

    def hold(self) -> None:
        try:
            if not self._say(Phase.BANNER).startswith("2"):
                return
            while line := self.lines.readline():
                command = line.decode("utf-8", "replace").strip()
                self.sink.commands.append(command)
                if not self._obey(command):
                    return
        except _Dropped:
            # A reset, as of a process that was killed: nothing more is read, nothing more is said.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.lines.close()

    def _obey(self, command: str) -> bool:
        verb, _space, rest = command.partition(" ")
        match verb.upper():
            case "EHLO" | "HELO":
                self._greet()
            case "STARTTLS":
                self._encrypt()
            case "AUTH":
                self._say(Phase.AUTH)
            case "DATA":
                return self._take()
            case "QUIT":
                self._send("221 2.0.0 Bye")
                return False
            case "MAIL" | "RCPT" | "RSET":
                return _stays(self._say_to(Phase(verb.lower()), rest))
            case _:
                self._send("500 5.5.1 What")
        return True

    def _say_to(self, phase: Phase, argument: str) -> str:
        if phase == Phase.MAIL:
            self.sender = _address(argument)
        elif phase == Phase.RCPT:
            self.recipient = _address(argument)
        return self._say(phase)

    def _greet(self) -> None:
        scripted = self.sink.answer(Phase.EHLO)
        if scripted == DROP:
            raise _Dropped
        offered = [*self.sink.extensions, *(["STARTTLS"] if self.sink.certificate else [])]
        lines = ["250-sink", *(f"250-{name}" for name in offered), "250 HELP"]
        self._send(scripted or "\r\n".join(lines))

    def _encrypt(self) -> None:
        if not self._say(Phase.STARTTLS).startswith("220"):
            return
        if self.sink.answer(Phase.TLS) == DROP or self.sink.certificate is None:
            raise _Dropped
        self.connection = self.sink.certificate.wrap_socket(self.connection, server_side=True)
        self.lines = self.connection.makefile("rb")

    def _take(self) -> bool:
        answer = self._say(Phase.DATA)
        if not answer.startswith("354"):
            return _stays(answer)
        early = self.sink.answer(Phase.BODY, self.recipient)
        if early:
            self.lines.read(SOME)
            if early == DROP:
                raise _Dropped
            self._send(early)
            return False
        return self._end(self._body())

    def _body(self) -> bytes:
        lines = []
        while (line := self.lines.readline()) != b".\r\n":
            if not line:
                raise _Dropped
            lines.append(line)
        return b"".join(lines)

    def _end(self, wire: bytes) -> bool:
        answer = self.sink.answer(Phase.DOT, self.recipient)
        if answer.startswith("2") or answer == DROP_KEPT:
            self.sink.taken.append(Received(self.sender, self.recipient, wire))
        if answer in {DROP, DROP_KEPT}:
            raise _Dropped
        self._send(answer)
        return _stays(answer)

    def _say(self, phase: Phase) -> str:
        answer = self.sink.answer(phase, self.recipient)
        if answer == DROP:
            raise _Dropped
        self._send(answer)
        return answer

    def _send(self, text: str) -> None:
        self.connection.sendall(f"{text}\r\n".encode())


def _stays(answer: str) -> bool:
    """Whether a server that says this keeps the connection (RFC 5321 section 3.8)."""
    return not answer.startswith("421")


def _address(argument: str) -> str:
    return argument.partition("<")[2].partition(">")[0]
