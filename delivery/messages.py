"""The message that one reader gets: rendered, its links counted, its headers complete."""

from email.charset import QP, Charset
from email.utils import quote

from django.core.mail import EmailMultiAlternatives
from django.utils.html import format_html

from audience.models import Contact
from campaigns.links import rewrite_links
from campaigns.models import Campaign, Sender
from campaigns.plaintext import text_from_html
from campaigns.rendering import CompiledContent, RenderedMail, header_text, insert_at_top, personal_context
from delivery.links import click_url, is_tracked, open_url, unsubscribe_url
from delivery.models import Delivery
from emailops.lib.addresses import read_address
from emailops.lib.signing import Kind, seal

UTF8_QP = Charset("utf-8")
UTF8_QP.body_encoding = QP  # seven bits and short lines, so that every server takes it (RFC 5321 section 4.5.3.1.6)


def message_id(delivery: Delivery, sender: Sender) -> str:
    """The same on every attempt, so that servers, bounces and people can tell one message from two."""
    return f"<{seal(Kind.MESSAGE, delivery.pk)}@{_domain(sender)}>"


def campaign_message(
    delivery: Delivery, contact: Contact, campaign: Campaign, sender: Sender, compiled: CompiledContent
) -> EmailMultiAlternatives:
    """The message of a ledger row. Raises `RenderFailed`."""
    unsubscribe = unsubscribe_url(delivery.pk)
    mail = compiled.render(personal_context(contact, campaign.workspace, unsubscribe_url=unsubscribe))
    message = _message(tracked(mail, delivery.pk), contact, delivery.address, sender)
    message.extra_headers |= {
        "Message-ID": message_id(delivery, sender),
        "List-Unsubscribe": f"<{unsubscribe}>",  # RFC 2369; with the next line RFC 8058 section 3.1
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-ID": f"<{campaign.workspace.slug}.{_domain(sender)}>",  # RFC 2919
        "Feedback-ID": f"{campaign.pk}:{campaign.workspace.slug[:15]}:campaign:emailops",
    }
    return message


def tracked(mail: RenderedMail, delivery_id: int) -> RenderedMail:
    """The mail with its links counted and the pixel placed near the top, before Gmail's cut."""

    def counted(target: str) -> str:
        return click_url(delivery_id, target) if is_tracked(target) else target

    pixel = format_html('<img src="{}" width="1" height="1" alt="">', open_url(delivery_id))
    html = insert_at_top(rewrite_links(mail.html, counted), pixel)
    return RenderedMail(mail.subject, html, mail.text)


def sample_message(
    mail: RenderedMail, contact: Contact, to: str, sender: Sender, *, subject_prefix: str
) -> EmailMultiAlternatives:
    """A test for a colleague: what `contact` would get, nothing counted."""
    marked = RenderedMail(f"{subject_prefix} {mail.subject}", mail.html, text_from_html(mail.html))
    return _message(marked, contact, to, sender)


def _message(mail: RenderedMail, contact: Contact, to: str, sender: Sender) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=_mailbox(sender.name, envelope_sender(sender)),
        to=[_mailbox(contact.full_name, to)],
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


def _domain(sender: Sender) -> str:
    return envelope_sender(sender).rpartition("@")[2]
