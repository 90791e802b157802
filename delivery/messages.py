"""The message that one reader gets: rendered, its links counted, its headers complete."""

from collections.abc import Mapping
from email.charset import QP, Charset
from email.utils import quote
from functools import partial
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.utils.html import format_html

from audience.models import Contact
from campaigns.links import rewrite_links
from campaigns.models import Campaign, Sender
from campaigns.plaintext import text_from_html
from campaigns.rendering import (
    UNSUBSCRIBE,
    CompiledContent,
    RenderedMail,
    header_text,
    insert_at_top,
    personal_context,
)
from delivery.links import counted_url, open_url, preferences_url, survey_url, unsubscribe_url
from delivery.models import Delivery
from emailops.lib.addresses import read_address
from emailops.lib.signing import Kind, seal

UTF8_QP = Charset("utf-8")
UTF8_QP.body_encoding = QP  # seven bits and short lines, so that every server takes it (RFC 5321 section 4.5.3.1.6)


def message_id(delivery: Delivery, sender: Sender) -> str:
    """The same on every attempt, so that servers, bounces and people can tell one message from two."""
    return _message_id(delivery.pk, sender)


def _message_id(delivery_id: int, sender: Sender) -> str:
    return f"<{seal(Kind.MESSAGE, delivery_id)}@{sender_domain(sender)}>"


def campaign_message(
    delivery: Delivery,
    contact: Contact,
    campaign: Campaign,
    sender: Sender,
    compiled: CompiledContent,
    is_followed: bool = True,
) -> EmailMultiAlternatives:
    """The message of a ledger row. Raises `RenderFailed`."""
    context = personal_context(
        contact,
        campaign.workspace,
        unsubscribe_url=unsubscribe_url(delivery.pk),
        preferences_url=preferences_url(delivery.pk),
        survey_url=survey_url(delivery.pk),
    )
    return message_for(delivery.pk, delivery.address, context, campaign, sender, compiled, is_followed)


def message_for(
    delivery_id: int,
    address: str,
    context: Mapping[str, Any],
    campaign: Campaign,
    sender: Sender,
    compiled: CompiledContent,
    is_followed: bool = True,
) -> EmailMultiAlternatives:
    """The message to one reader, filled with a `personal_context`. Raises `RenderFailed`.

    Who is not followed gets no pixel, and links as they were written: those of all such readers are the same.
    """
    rendered = compiled.render(context)
    mail = tracked(rendered, delivery_id) if is_followed else rendered
    message = _message(mail, _mailbox(context["contact"]["full_name"], address), sender)
    unsubscribe = context[UNSUBSCRIBE]
    message.extra_headers |= {
        "Message-ID": _message_id(delivery_id, sender),
        "List-Unsubscribe": f"<{unsubscribe}>",  # RFC 2369; with the next line RFC 8058 section 3.1
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": f"<{campaign.workspace.slug}.{sender_domain(sender)}>",  # RFC 2919
        "Feedback-ID": f"{campaign.pk}:{campaign.workspace.slug[:15]}:campaign:emailops",
    }
    return message


def tracked(mail: RenderedMail, delivery_id: int) -> RenderedMail:
    """The mail with its links counted and the pixel placed near the top, before Gmail's cut."""
    html = rewrite_links(mail.html, partial(counted_url, delivery_id))
    return RenderedMail(mail.subject, insert_at_top(html, pixel(open_url(delivery_id))), mail.text)


def pixel(url: str) -> str:
    return format_html('<img src="{}" width="1" height="1" alt="">', url)


def sample_message(
    mail: RenderedMail, contact: Contact, to: str, sender: Sender, *, subject_prefix: str
) -> EmailMultiAlternatives:
    """A test for a colleague: what `contact` would get, nothing counted."""
    marked = RenderedMail(f"{subject_prefix} {mail.subject}", mail.html, text_from_html(mail.html))
    return _message(marked, _mailbox(contact.full_name, to), sender)


def _message(mail: RenderedMail, to: str, sender: Sender) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=_mailbox(sender.name, envelope_sender(sender)),
        to=[to],
        reply_to=[sender.reply_to] if sender.reply_to else None,
    )
    message.encoding = UTF8_QP
    message.attach_alternative(mail.html, "text/html")
    return message


def _mailbox(name: str, address: str) -> str:
    """As text: Django encodes it in pieces of the length that RFC 2047 allows, the standard library in one."""
    shown = header_text(name)
    return f'"{quote(shown)}" <{address}>' if shown else address


def envelope_sender(sender: Sender) -> str:
    """The sender's address with its domain in ASCII, as SMTP and headers need it."""
    return read_address(sender.email).written


def sender_domain(sender: Sender) -> str:
    """The domain of the sender’s address as an A-label, in lower case."""
    return envelope_sender(sender).rpartition("@")[2]
