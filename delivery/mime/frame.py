"""What stands around the bodies of a run's messages, taken from a message that the reference path made."""

import re
from collections.abc import Callable
from email import message_from_bytes
from enum import IntEnum

from campaigns.models import Campaign, ContentVersion, Sender
from campaigns.rendering import UNSUBSCRIBE, CompiledContent
from delivery.links import unsubscribe_url
from delivery.messages import message_for
from delivery.mime.marks import Sheet
from delivery.transports import wire_bytes
from emailops.lib.signing import Kind, seal

PROBE = 0  # the number of no delivery
READER = "reader@example.invalid"
FIELD = re.compile(rb"[^\r\n]+\r\n(?:[ \t][^\r\n]*\r\n)*")
END_OF_HEAD = b"\r\n\r\n"


class Slot(IntEnum):
    """Where the values of one message stand in the list of all; those of its template follow."""

    CLICK_TOKEN = 0
    OPEN_TOKEN = 1
    UNSUBSCRIBE_TOKEN = 2
    MESSAGE_TOKEN = 3
    DATE = 4
    SUBJECT = 5
    TO = 6
    FIRST_VALUE = 7


WHOLE_FIELDS = {b"date": Slot.DATE, b"subject": Slot.SUBJECT, b"to": Slot.TO}


class Frame:
    """The headers and part headers of a run's messages."""

    def __init__(self, campaign: Campaign, sender: Sender) -> None:
        wire = _probe(campaign, sender)
        boundary = message_from_bytes(wire).get_boundary()
        if boundary is None:
            raise ValueError("a campaign's message has two parts")
        line = b"--" + boundary.encode()
        head, first, second, self._end = wire.split(line)
        self._head = head
        self._before_text = line + first.partition(END_OF_HEAD)[0] + END_OF_HEAD
        self._before_html = b"\r\n" + line + second.partition(END_OF_HEAD)[0] + END_OF_HEAD
        self._end = b"\r\n" + line + self._end

    def around(self, add_text: Callable[[Sheet], None], html: Sheet) -> Sheet:
        """The whole message: the frame, with the bodies in it."""
        sheet = Sheet()
        self._add_head(sheet)
        sheet.add(self._before_text)
        add_text(sheet)
        sheet.add(self._before_html)
        sheet.extend(html)
        sheet.add(self._end)
        return sheet

    def _add_head(self, sheet: Sheet) -> None:
        tokens = {
            seal(Kind.MESSAGE, PROBE).encode(): Slot.MESSAGE_TOKEN,
            seal(Kind.UNSUBSCRIBE, PROBE).encode(): Slot.UNSUBSCRIBE_TOKEN,
        }
        any_token = re.compile(b"(" + b"|".join(map(re.escape, tokens)) + b")")
        fields, _colon, rest = self._head.partition(END_OF_HEAD)
        for field in FIELD.findall(fields + b"\r\n"):
            slot = WHOLE_FIELDS.get(field.partition(b":")[0].lower())
            if slot is not None:
                sheet.add_slot(slot)
                continue
            for number, part in enumerate(any_token.split(field)):
                if number % 2:
                    sheet.add_slot(tokens[part])
                else:
                    sheet.add(part)
        sheet.add(b"\r\n" + rest)


def _probe(campaign: Campaign, sender: Sender) -> bytes:
    content = CompiledContent(ContentVersion(subject="Subject", preheader="", html="<p>Body</p>"))
    context = {"contact": {"full_name": ""}, UNSUBSCRIBE: unsubscribe_url(PROBE)}
    return wire_bytes(message_for(PROBE, READER, context, campaign, sender, content), READER)
