"""An SMTP server in the test's own event loop that says what it is told to, at any moment of the conversation.

What was asked in one piece is answered in one piece, as servers do. It is strict about the order of commands, because
servers are.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from emailops.lib.mailurl import SMTP_BACKEND, MailSettings


class At(StrEnum):
    """A moment of the conversation at which something can be said."""

    BANNER = "banner"
    EHLO = "ehlo"
    HELO = "helo"
    STARTTLS = "starttls"
    TLS = "tls"
    AUTH = "auth"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    DOT = "dot"
    RSET = "rset"
    QUIT = "quit"


class Act(Enum):
    """What a server can do instead of saying something."""

    DROP = "close the connection"
    KEEP_AND_DROP = "take the message and close the connection"
    HANG = "say nothing any more"


Answer = str | bytes | Act
"""Words, or bytes to be sent as they are, or an act."""
USUAL = {
    At.BANNER: "220 sink ready",
    At.HELO: "250 sink",
    At.STARTTLS: "220 2.0.0 Go ahead",
    At.AUTH: "235 2.7.0 Welcome",
    At.MAIL: "250 2.1.0 Ok",
    At.RCPT: "250 2.1.5 Ok",
    At.DATA: "354 Go on",
    At.DOT: "250 2.0.0 Taken",
    At.RSET: "250 2.0.0 Ok",
    At.QUIT: "221 2.0.0 Bye",
}
PIPELINING = ["PIPELINING", "8BITMIME", "SMTPUTF8"]
SOME = 4096  # bytes of a body that are read before something happens in the middle of it


@dataclass(frozen=True)
class Taken:
    """A message that was accepted, or kept without a word: as it stood on the wire, without the final dot."""

    connection: int
    mail: str
    recipient: str
    body: bytes


@dataclass
class _Rule:
    at: At
    answer: Answer
    recipient: str
    left: int | None


@dataclass
class Sink:
    """What was taken, what was asked, and what will be said."""

    port: int = 0
    extensions: list[str] = field(default_factory=lambda: list(PIPELINING))
    certificate: ssl.SSLContext | None = None
    is_implicit: bool = False
    most_connections: int = 1000
    most_messages: int = 1000
    """After so many, a connection is closed at the next MAIL."""
    piece: int = 0
    """Bytes of an answer that are sent at once; 0: all."""
    taken: list[Taken] = field(default_factory=list)
    empty: int = 0
    """Messages without a recipient that were ended."""
    commands: list[str] = field(default_factory=list)
    connections: int = 0
    most_open: int = 0
    open: int = 0
    credentials: list[str] = field(default_factory=list)
    _rules: list[_Rule] = field(default_factory=list)

    def says(self, at: At, answer: Answer, *, to: str = "", times: int | None = None) -> None:
        """Answer like this from now on: always, or so many times; to everybody, or where this is the recipient."""
        self._rules.append(_Rule(at, answer, to, times))

    def relents(self) -> None:
        self._rules.clear()

    def answer(self, at: At, recipient: str = "") -> Answer:
        for rule in self._rules:
            if rule.at == at and rule.recipient in {"", recipient} and rule.left != 0:
                if rule.left is not None:
                    rule.left -= 1
                return rule.answer
        return USUAL.get(at, "")

    @property
    def recipients(self) -> list[str]:
        return [message.recipient for message in self.taken]

    @property
    def verbs(self) -> list[str]:
        return [command.split()[0].upper() if command.split() else "" for command in self.commands]

    def mail_settings(self, **changes: object) -> MailSettings:
        base: dict[str, object] = {"host": "localhost" if self.certificate else "127.0.0.1", "port": self.port}
        return MailSettings(SMTP_BACKEND, **{**base, "implicit_tls": self.is_implicit, **changes})  # type: ignore[arg-type]  # a test's own words


@asynccontextmanager
async def running(sink: Sink) -> AsyncIterator[Sink]:
    """The sink on a free port."""
    conversations: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        conversations.add(task)
        sink.connections += 1
        sink.open += 1
        sink.most_open = max(sink.most_open, sink.open)
        try:
            await _Conversation(sink, reader, writer).hold()
        except (_Over, ConnectionError, ssl.SSLError, asyncio.CancelledError):
            pass
        finally:
            sink.open -= 1
            conversations.discard(task)
            writer.transport.abort()

    context = sink.certificate if sink.is_implicit and sink.answer(At.TLS) == "" else None
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for task in list(conversations):
            task.cancel()
        await asyncio.gather(*conversations, return_exceptions=True)


class _Over(Exception):
    """Nothing further is heard or said."""


class _Conversation:
    def __init__(self, sink: Sink, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sink, self.reader, self.writer = sink, reader, writer
        self.number = sink.connections
        self.unread = b""
        self.unsaid = b""
        self.mail, self.recipient, self.is_wanted = "", "", False
        self.messages = 0

    async def hold(self) -> None:
        await self._act_at_tls()
        if self.sink.open > self.sink.most_connections:
            await self._say("421 4.7.0 Too many connections")
            raise _Over
        await self._answer(At.BANNER)
        while True:
            command = (await self._line()).decode("utf-8", "replace").strip()
            self.sink.commands.append(command)
            verb, _space, rest = command.partition(" ")
            await self._obey(verb.upper(), rest)

    async def _act_at_tls(self) -> None:
        if self.sink.is_implicit and self.sink.answer(At.TLS) != "":
            await self._say(self.sink.answer(At.TLS))

    async def _obey(self, verb: str, rest: str) -> None:
        takers = {
            "EHLO": self._hello,
            "HELO": self._helo,
            "STARTTLS": self._encrypt,
            "AUTH": self._authenticate,
            "MAIL": self._mail,
            "RCPT": self._rcpt,
            "DATA": self._data,
            "BDAT": self._chunk,
            "RSET": self._reset,
            "QUIT": self._quit,
        }
        if verb in takers:
            await takers[verb](rest)
        else:
            await self._say("500 5.5.1 What")

    async def _helo(self, _rest: str) -> None:
        await self._answer(At.HELO)

    async def _reset(self, _rest: str) -> None:
        self._forget()
        await self._answer(At.RSET)

    async def _quit(self, _rest: str) -> None:
        await self._answer(At.QUIT)
        raise _Over

    async def _hello(self, _rest: str) -> None:
        scripted = self.sink.answer(At.EHLO)
        lines = ["sink", *self.sink.extensions, "HELP"]
        await self._say(scripted or "\r\n".join([*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}"]))

    async def _encrypt(self, _rest: str) -> None:
        scripted = self.sink.answer(At.STARTTLS)
        await self._say(scripted)
        if not (isinstance(scripted, str) and scripted.startswith("220")):
            return
        await self._flush()
        if self.sink.answer(At.TLS) != "":
            await self._say(self.sink.answer(At.TLS))
        assert self.sink.certificate is not None
        await self.writer.start_tls(self.sink.certificate)

    async def _authenticate(self, rest: str) -> None:
        self.sink.credentials.append(rest)
        scripted = self.sink.answer(At.AUTH)
        while isinstance(scripted, str) and scripted.startswith("334"):
            await self._say(scripted)
            self.sink.credentials.append((await self._line()).decode().strip())
            scripted = self.sink.answer(At.AUTH)
        await self._say(scripted)

    async def _mail(self, rest: str) -> None:
        if self.mail:
            await self._say("503 5.5.1 Nested MAIL")
            return
        if self.messages >= self.sink.most_messages:
            await self._say("421 4.7.0 You have had your share")
            raise _Over
        if await self._answer(At.MAIL):
            self.mail = rest

    async def _rcpt(self, rest: str) -> None:
        if not self.mail:
            await self._say("503 5.5.1 Need MAIL")
            return
        self.recipient = rest.partition("<")[2].partition(">")[0]
        self.is_wanted = await self._answer(At.RCPT)

    async def _data(self, _rest: str) -> None:
        scripted = self.sink.answer(At.DATA, self.recipient)
        is_forced = scripted != USUAL[At.DATA]
        if not self.is_wanted and not is_forced:
            await self._say("554 5.5.1 No valid recipients")
            return
        await self._say(scripted)
        if isinstance(scripted, str) and scripted.startswith("354"):
            await self._act_in_the_body()
            await self._end(await self._body())

    async def _chunk(self, rest: str) -> None:
        size = int(rest.split(maxsplit=1)[0])
        await self._act_in_the_body()
        while len(self.unread) < size:
            await self._more()
        body, self.unread = self.unread[:size], self.unread[size:]
        await self._end(body)

    async def _act_in_the_body(self) -> None:
        early = self.sink.answer(At.BODY, self.recipient)
        if early != "":
            while len(self.unread) < SOME:
                await self._more()
            if early == Act.HANG:
                await asyncio.Event().wait()  # not even read any more
            await self._say(early)
            raise _Over

    async def _end(self, body: bytes) -> None:
        if not self.is_wanted:
            self.sink.empty += 1
            await self._say("554 5.5.1 No valid recipients")
            self._forget()
            return
        scripted = self.sink.answer(At.DOT, self.recipient)
        is_kept = scripted == Act.KEEP_AND_DROP or (isinstance(scripted, str) and scripted.startswith("2"))
        if is_kept:
            self.sink.taken.append(Taken(self.number, self.mail, self.recipient, body))
        self.messages += 1
        self._forget()
        await self._say(scripted)

    def _forget(self) -> None:
        self.mail, self.recipient, self.is_wanted = "", "", False

    async def _answer(self, at: At) -> bool:
        """Whether the answer was a yes."""
        scripted = self.sink.answer(at, self.recipient)
        await self._say(scripted)
        return isinstance(scripted, str) and scripted.startswith("2")

    async def _say(self, answer: Answer) -> None:
        if answer == Act.HANG:
            await self._flush()
            with suppress(ConnectionError):
                while await self.reader.read(65536):
                    pass
            raise _Over
        if isinstance(answer, Act):
            await self._flush()
            raise _Over
        self.unsaid += answer if isinstance(answer, bytes) else f"{answer}\r\n".encode()
        if isinstance(answer, str) and answer.startswith("421"):
            await self._flush()
            raise _Over

    async def _line(self) -> bytes:
        while b"\n" not in self.unread:
            await self._more()
        line, _end, self.unread = self.unread.partition(b"\n")
        return line

    async def _body(self) -> bytes:
        while len(self.unread) < 3:
            await self._more()
        if self.unread.startswith(b".\r\n"):
            self.unread = self.unread[3:]
            return b""
        seen = 0
        while (end := self.unread.find(b"\r\n.\r\n", max(seen - 4, 0))) < 0:
            seen = len(self.unread)
            await self._more()
        body, self.unread = self.unread[: end + 2], self.unread[end + 5 :]
        return body

    async def _more(self) -> None:
        await self._flush()
        data = await self.reader.read(65536)
        if not data:
            raise _Over
        self.unread += data

    async def _flush(self) -> None:
        said, self.unsaid = self.unsaid, b""
        size = self.sink.piece or len(said) or 1
        for at in range(0, len(said), size):
            self.writer.write(said[at : at + size])
            await self.writer.drain()
            if self.sink.piece:
                await asyncio.sleep(0)
