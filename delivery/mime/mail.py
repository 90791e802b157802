"""A run's content, prepared once, and one reader's message out of it in some thirty microseconds.

The template's trace says which way it goes for a reader and with which values. Everything else about the message
follows from the way alone, is made once for it by the reference path's own functions, and is kept: a plan of bytes with
slots.
Whatever does not fit takes the reference path, so the bytes say the same and an error is the same error.
"""

import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from html import escape
from typing import Any

from django.conf import settings

from campaigns.compiled import STUMBLES, Memo, NeedsReference, Program, compile_program, compile_text
from campaigns.liquid import Template, TemplateRefused
from campaigns.models import Campaign, ContentVersion, Sender
from campaigns.rendering import PREFERENCES, SURVEY, UNSUBSCRIBE, CompiledContent, workspace_context
from delivery.dkim import Signer
from delivery.links import around_preferences_token, around_survey_token, around_unsubscribe_token
from delivery.messages import message_for
from delivery.mime.bodies import personal_link
from delivery.mime.frame import Frame
from delivery.mime.headers import display_name, subject_line, to_line
from delivery.mime.marks import FIRST_TOKEN, FIRST_VALUE, MARKED, Form, Token, Value, token_mark, value_of
from delivery.mime.plans import Plan, Planner
from delivery.transports import wire_bytes
from emailops.lib.signing import Kind, sealer

LONGEST_TEMPLATE = 200_000  # bytes, and
LONGEST_MESSAGE = 500_000  # bytes: within both no limit of the template language can be near
MOST_VALUES = 2_000  # in one message
Context = Mapping[str, Any]


class CompiledMail:
    """The messages of a run, one content version from one sender.

    `is_compiled` says whether there is a fast way at all, `reference_count` how many messages did not take it.
    """

    def __init__(
        self,
        version: ContentVersion,
        sender: Sender,
        campaign: Campaign,
        signer: Signer | None = None,
        *,
        is_followed: bool = True,
    ) -> None:
        self._is_followed = is_followed
        self.reference_count = 0
        self._signer = signer
        self._content = CompiledContent(version)
        self._sender = sender
        self._campaign = campaign
        self._common = workspace_context(campaign.workspace)
        self._before_token, self._after_token = around_unsubscribe_token()
        self._before_preferences, self._after_preferences = around_preferences_token()
        self._before_survey, self._after_survey = around_survey_token()
        self._token = sealer(Kind.UNSUBSCRIBE)
        self._fast = _prepare(self._content, sender, campaign, is_followed)

    @property
    def is_compiled(self) -> bool:
        return self._fast is not None

    def wire(self, delivery_id: int, address: str, context: Context) -> bytes:
        """The message as `wire_bytes` gives it, signed if there is a signer: ready for DATA, without the final dot.

        `context` is a `contact_context`. Raises `RenderFailed`, or what `wire_bytes` raises, as the reference does.
        """
        wire = self._unsigned(delivery_id, address, context)
        return self._signer.sign(wire) if self._signer else wire

    def _unsigned(self, delivery_id: int, address: str, context: Context) -> bytes:
        token = self._token(delivery_id)
        shown = token.decode()
        filled = {
            **self._common,
            **context,
            UNSUBSCRIBE: self._before_token + shown + self._after_token,
            PREFERENCES: self._before_preferences + shown + self._after_preferences,
            SURVEY: self._before_survey + shown + self._after_survey,
        }
        if self._fast is not None:
            try:
                return self._fast.wire(delivery_id, address, filled, token)
            except STUMBLES:
                pass
        self.reference_count += 1
        message = message_for(
            delivery_id, address, filled, self._campaign, self._sender, self._content, self._is_followed
        )
        return wire_bytes(message, address)


def compile_mail(
    version: ContentVersion,
    sender: Sender,
    campaign: Campaign,
    signer: Signer | None = None,
    *,
    is_followed: bool = True,
) -> CompiledMail:
    """Prepare a run's content. Never fails: what cannot be prepared is filled in by the reference path.

    With `is_followed` false it is for readers whose opens and clicks are not kept. `signer` is None where whoever takes
    the mail signs it, or nobody does.
    """
    return CompiledMail(version, sender, campaign, signer, is_followed=is_followed)


class _FastMail:
    """The way that takes no time. Raises one of `STUMBLES` for whatever it leaves to the other."""

    def __init__(self, parts: "_Parts", frame: Frame, is_followed: bool) -> None:
        self._write_subject = parts.subject
        self._write_preheader = parts.preheader
        self._trace = parts.html.trace
        self._planner = Planner(parts.html, frame, _unsubscribe_mark(), is_followed=is_followed)
        self._subjects = Memo(subject_line)
        self._names = Memo(display_name)
        self._click, self._open, self._message = map(sealer, (Kind.CLICK, Kind.OPEN, Kind.MESSAGE))
        self._date = b""
        self._second = 0

    def wire(self, delivery_id: int, address: str, context: Context, unsubscribe: bytes) -> bytes:
        subject = self._subjects[self._write_subject(context)]
        self._write_preheader(context)  # for its errors: its words stand in the HTML
        to = to_line(self._names[context["contact"]["full_name"]], address)
        ways, values = self._trace(context)
        if len(values) > MOST_VALUES:
            raise NeedsReference
        htmls, texts, plains, forms = zip(*values, strict=True) if values else ((), (), (), ())
        plan = self._planner.plan(tuple(ways), forms, context)
        tokens = self._click(delivery_id), self._open(delivery_id), unsubscribe, self._message(delivery_id)
        slots = [*tokens, self._date_line(), subject, to, *htmls, *texts]
        if plan.targets or plan.links:
            slots += _links(plan, delivery_id, plains, tokens)
        wire = plan.fill(slots)
        if len(wire) > LONGEST_MESSAGE:
            raise NeedsReference
        return wire

    def _date_line(self) -> bytes:
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._date = f"Date: {formatdate(now, localtime=settings.EMAIL_USE_LOCALTIME)}\r\n".encode()
        return self._date


def _links(plan: Plan, delivery_id: int, plains: tuple[str, ...], tokens: tuple[bytes, ...]) -> list[bytes]:
    """The links whose addresses hold values, each signed for this reader."""

    def find(mark: str) -> str:
        code = ord(mark)
        return tokens[code - FIRST_TOKEN].decode() if code >= FIRST_TOKEN else plains[code - FIRST_VALUE]

    for link in plan.links:
        link.require_said(lambda mark: find(mark).strip(" "))
    return [personal_link(target, delivery_id, find) for target in plan.targets]


class _Parts:
    """The templates of a content version as functions. Raises `NeedsReference` when one of them cannot be compiled."""

    def __init__(self, content: CompiledContent) -> None:
        html = content.version.html
        if len(html.encode()) > LONGEST_TEMPLATE or MARKED.search(html):
            raise NeedsReference
        address = _unsubscribe_mark()
        known = {UNSUBSCRIBE: Value(b"", b"", "", Form.ADDRESS)} if escape(address) == address else {}
        for name, around in ((PREFERENCES, around_preferences_token()), (SURVEY, around_survey_token())):
            door = token_mark(Token.UNSUBSCRIBE).join(around)
            if known and escape(door) == door:
                known[name] = Value(b"", b"", "", door)  # the same for all readers but for the token
        program = compile_program(content.html, value_of, known)
        if program is None:
            raise NeedsReference
        self.html: Program[Value] = program
        self.subject = _text(content.subject)
        self.preheader = _text(content.preheader)


def _text(template: Template) -> Callable[[Context], str]:
    written = compile_text(template)
    if written is None:
        raise NeedsReference
    return written


def _unsubscribe_mark() -> str:
    return token_mark(Token.UNSUBSCRIBE).join(around_unsubscribe_token())


def _prepare(content: CompiledContent, sender: Sender, campaign: Campaign, is_followed: bool) -> _FastMail | None:
    try:
        return _FastMail(_Parts(content), Frame(campaign, sender), is_followed)
    except (TemplateRefused, *STUMBLES):  # a sender of whom no header can be made raises for every reader anew
        return None
