"""A run without a database, and both ways to one reader's message."""

import re
from collections.abc import Iterable
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from typing import Any, NamedTuple

from campaigns.models import Campaign, ContentVersion, Sender
from campaigns.rendering import PREFERENCES, SURVEY, UNSUBSCRIBE, CompiledContent, workspace_context
from delivery.links import preferences_url, survey_url, unsubscribe_url
from delivery.messages import message_for
from delivery.mime import CompiledMail, compile_mail
from delivery.transports import wire_bytes
from workspaces.models import Workspace

DELIVERY = 4711


class Scene(NamedTuple):
    """A content version with its sender and campaign."""

    version: ContentVersion
    sender: Sender
    campaign: Campaign
    is_followed: bool = True

    def compiled(self) -> CompiledMail:
        return compile_mail(self.version, self.sender, self.campaign, is_followed=self.is_followed)

    def reference(self, address: str, context: dict[str, Any], delivery_id: int = DELIVERY) -> bytes:
        """What the reference path puts on the wire."""
        common = workspace_context(self.campaign.workspace)
        doors = {UNSUBSCRIBE: unsubscribe_url(delivery_id), SURVEY: survey_url(delivery_id)}
        filled = {**common, **context, **doors, PREFERENCES: preferences_url(delivery_id)}
        content = CompiledContent(self.version)
        made_of = self.campaign, self.sender, content, self.is_followed
        return wire_bytes(message_for(delivery_id, address, filled, *made_of), address)


def scene(html: str, subject: str = "Glow", preheader: str = "", **sender: str) -> Scene:
    workspace = Workspace(name="Maren & Moss", slug="maren-moss", postal_address="12 Oborishte Street\n1504 Sofia")
    who = {"name": "Elena at Maren & Moss", "email": "elena@marenmoss.example", **sender}
    version = ContentVersion(subject=subject, preheader=preheader, html=html)
    return Scene(version, Sender(**who), Campaign(pk=7, workspace=workspace))


def reader(first_name: str = "Ann", **attributes: Any) -> dict[str, Any]:
    """A `contact_context`."""
    names = {"first_name": first_name, "last_name": "Iv", "full_name": f"{first_name} Iv".strip(), "language": "en"}
    return {"contact": {**names, "email": "ann@example.org", "attributes": attributes}}


class Opened(NamedTuple):
    """A message as its reader sees it: headers but the date and the random boundary, and both bodies."""

    headers: list[tuple[str, str]]
    text: bytes
    html: bytes


def opened(wire: bytes) -> Opened:
    raw = wire.replace(b"\r\n..", b"\r\n.")  # as the receiving server does
    message = message_from_bytes(raw)
    headers = [(name, _decoded(str(value))) for name, value in message.items() if name not in {"Date", "Content-Type"}]
    _whole, text, html = message.walk()
    return Opened(headers, _body(text), _body(html))


def _decoded(value: str) -> str:
    # The modern parser of the standard library keeps the space between two encoded words of a name (RFC 2047
    # section 6.2 says not to), so the older one reads them.
    return str(make_header(decode_header(re.sub(r"\r?\n", "", value))))


def _body(part: Message) -> bytes:
    body = part.get_payload(decode=True)
    assert isinstance(body, bytes)
    return body


def lines_of(wire: bytes) -> Iterable[bytes]:
    return wire.split(b"\r\n")
