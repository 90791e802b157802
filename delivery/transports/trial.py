"""Try a mail server, step by step, and write down how each step ended.

Nothing is delivered: the conversation goes as far as RCPT and is taken back by RSET. Whether the server really takes
mail shows only a mail; that is a step of its own, on demand.
"""

import asyncio
import ssl
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from django.core.mail import EmailMultiAlternatives

from delivery.fates import Fate, RelayTrouble
from delivery.smtp.opening import hello, require_privacy, require_private, words_of
from delivery.smtp.protocol import Connection, ConnectionEnded
from delivery.smtp.replies import Phase, code_of, enhanced_code, is_success, words
from delivery.smtp.signing_in import sign_in
from delivery.smtp.timeouts import Timeouts
from delivery.transports.explain import Mishap, Stage, cause_of
from delivery.transports.provider import ProviderSession
from delivery.transports.sessions import SmtpSession
from delivery.transports.tokens import with_token
from emailops.lib.mailurl import MailSettings

BRISK = Timeouts(connect=15, tls=15, command=30, data=60, body=60, dot=120)  # somebody waits for the result
PASSED, FAILED = "passed", "failed"
LONGEST_WORDS = 300  # characters kept of the server's words


@dataclass(frozen=True, slots=True)
class Step:
    """One step: `about` is the address or server it is about, `cause` a key of `delivery.transports.explain.ADVICE`."""

    stage: Stage
    about: str = ""
    state: str = PASSED
    cause: str = ""
    words: str = ""

    @property
    def is_passed(self) -> bool:
        return self.state == PASSED

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "stage": self.stage.value}


class _Answered(Exception):
    """The server said no."""

    def __init__(self, reply: bytes) -> None:
        super().__init__(words(reply))
        self.code, self.status = code_of(reply), enhanced_code(reply)


class _Over(Exception):
    """A step failed, and those after it cannot be tried."""


@dataclass
class Trial:
    """Tries one way. `trouble` is what a run would have met with, if anything; refused addresses are not the way's."""

    mail: MailSettings
    senders: Sequence[str]
    recipient: str
    timeouts: Timeouts = BRISK
    trust: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    steps: list[Step] = field(default_factory=list)
    trouble: RelayTrouble | None = None

    def go(self, letter: EmailMultiAlternatives | None = None) -> list[Step]:
        """Try everything; at the end hand over `letter`, if there is one and all went well so far."""
        try:
            self._prepare()
            asyncio.run(self._try_api() if self.mail.provider else self._try_smtp())
            if letter is not None and all(step.is_passed for step in self.steps):
                self._deliver(letter)
        except _Over:
            pass
        return self.steps

    @contextmanager
    def _step(self, stage: Stage, about: str = "") -> Iterator[None]:
        try:
            yield
        except (RelayTrouble, ConnectionEnded, OSError, UnicodeError, _Answered) as error:
            self._fail(stage, about, error)
            raise _Over from error
        self.steps.append(Step(stage, about))

    def _fail(self, stage: Stage, about: str, error: Exception) -> None:
        said = words_of(error)[:LONGEST_WORDS]
        code, status = getattr(error, "code", 0), getattr(error, "status", "")
        if isinstance(error, RelayTrouble) and said[:3].isdigit():  # signing in keeps the reply as its words
            code, status = int(said[:3]), enhanced_code(said.encode())
        mishap = Mishap(stage, said, self.mail.host, self.mail.port, code, status, error)
        self.steps.append(Step(stage, about, FAILED, cause_of(mishap), said))
        if stage not in {Stage.SENDER, Stage.RECIPIENT, Stage.MESSAGE}:
            self.trouble = RelayTrouble(said, is_lasting=_lasts(error))

    def _prepare(self) -> None:
        if self.mail.grant is not None:
            with self._step(Stage.TOKEN, urlsplit(self.mail.grant.token_url).hostname or ""):
                self.mail = with_token(self.mail)

    # SMTP.

    async def _try_smtp(self) -> None:
        connection = await self._connect()
        with closing(connection):
            await self._introduce(connection)
            await self._ask_addresses(connection)
            connection.transport.write(b"QUIT\r\n")

    async def _connect(self) -> Connection:
        loop, mail = asyncio.get_running_loop(), self.mail
        with self._step(Stage.RESOLVE, mail.host):
            await loop.getaddrinfo(mail.host, mail.port)
        with self._step(Stage.CONNECT, mail.where):
            async with asyncio.timeout(self.timeouts.connect):
                _transport, connection = await loop.create_connection(
                    lambda: Connection(self.timeouts), mail.host, mail.port
                )
        return connection

    async def _introduce(self, connection: Connection) -> None:
        if self.mail.implicit_tls:
            with self._step(Stage.ENCRYPT, self.mail.host):
                await self._encrypt_at_once(connection)
        with self._step(Stage.GREET):
            require_private(self.mail, connection)
            _require(await connection.ask(Phase.GREETING))
            server = await hello(connection)
        if self.mail.starttls:
            with self._step(Stage.ENCRYPT, self.mail.host):
                if not server.starttls:
                    raise RelayTrouble(f"{self.mail.host} offers no encryption.", is_lasting=True)
                _require(await connection.ask(Phase.STARTTLS, "STARTTLS"))
                await connection.encrypt(self._upgrade)
                server = await hello(connection)
        if self.mail.user:
            with self._step(Stage.SIGN_IN, self.mail.user):
                require_privacy(self.mail, connection)
                await sign_in(connection, server.auth, self.mail, self.mail.token)

    async def _encrypt_at_once(self, connection: Connection) -> None:
        """TLS before anything is said; a server that begins in clear text has not understood where it is."""
        try:
            await connection.encrypt(self._upgrade)
        except ConnectionEnded as end:
            raise ConnectionEnded(f"No TLS from the start: {end}") from end

    async def _upgrade(self, transport: asyncio.Transport, connection: Connection) -> asyncio.Transport | None:
        async with asyncio.timeout(self.timeouts.tls):
            return await connection.loop.start_tls(transport, connection, self.trust, server_hostname=self.mail.host)

    async def _ask_addresses(self, connection: Connection) -> None:
        """Each sender by itself; the recipient once, for the first sender that may."""
        is_asked = False
        for sender in self.senders:
            if await self._may(connection, Stage.SENDER, sender, f"MAIL FROM:<{sender}>") and not is_asked:
                await self._may(connection, Stage.RECIPIENT, self.recipient, f"RCPT TO:<{self.recipient}>")
                is_asked = True
            await connection.ask(Phase.RSET, "RSET")

    async def _may(self, connection: Connection, stage: Stage, address: str, command: str) -> bool:
        """Whether the server takes it; a refusal is a step that failed and stops nothing else."""
        try:
            phase = Phase.MAIL if stage == Stage.SENDER else Phase.RCPT
            _require(await connection.ask(phase, command))
        except _Answered as refusal:
            self._fail(stage, address, refusal)
            return False
        except ConnectionEnded as end:
            self._fail(stage, address, end)
            raise _Over from end
        self.steps.append(Step(stage, address))
        return True

    # A provider's API.

    async def _try_api(self) -> None:
        """What can be known without a mail: that the settings hold together, and that the API can be reached."""
        with self._step(Stage.SETTINGS, self.mail.provider):
            address = ProviderSession(self.mail).address
        if not address:
            return
        parts = urlsplit(address)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.mail = replace(self.mail, host=parts.hostname or "", port=port)
        connection = await self._connect()
        with closing(connection):
            if parts.scheme == "https":
                with self._step(Stage.ENCRYPT, self.mail.host):
                    await self._encrypt_at_once(connection)

    # A mail.

    def _deliver(self, letter: EmailMultiAlternatives) -> None:
        sender = self.senders[0]
        try:
            session = ProviderSession(self.mail) if self.mail.provider else SmtpSession(self.mail)
            outcome = session.send(letter, sender=sender, recipient=self.recipient)
        except RelayTrouble as trouble:
            self._fail(Stage.MESSAGE, self.recipient, trouble)
            self.trouble = trouble
            return
        if outcome.fate == Fate.ACCEPTED:
            self.steps.append(Step(Stage.MESSAGE, self.recipient, PASSED, "", outcome.text[:LONGEST_WORDS]))
            return
        said, host, port = outcome.text or outcome.fate, self.mail.host, self.mail.port
        mishap = Mishap(Stage.MESSAGE, said, host, port, outcome.code or 0, fate=outcome.fate)
        self.steps.append(Step(Stage.MESSAGE, self.recipient, FAILED, cause_of(mishap), mishap.words[:LONGEST_WORDS]))


def _require(reply: bytes) -> None:
    if not is_success(reply):
        raise _Answered(reply)


def _lasts(error: Exception) -> bool:
    match error:
        case RelayTrouble():
            return error.is_lasting
        case _Answered():
            return error.code >= 500
    return isinstance(error, ssl.SSLCertVerificationError)
