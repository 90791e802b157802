"""The mail that people of a flow got: as the sandbox accepted it over SMTP."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from html import unescape

from tests.stack import Stack

NEWEST = "SELECT raw FROM delivery_sandboxmessage WHERE recipient = %s AND subject ~ %s ORDER BY id DESC LIMIT 1"
LINK = re.compile(r"https?://[^\s\"'<>]+")


def letter_to(stack: Stack, recipient: str, subject: str) -> EmailMessage:
    """The newest mail to an address whose subject matches, waited for."""
    ((raw,),) = stack.wait_for(NEWEST, recipient, subject)
    mail = message_from_bytes(bytes(raw), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def text_of(mail: EmailMessage, subtype: str = "plain") -> str:
    part = mail.get_body((subtype,))
    assert part is not None, f"the mail has no {subtype} part"
    content: str = part.get_content()
    return content


def link_in(mail: EmailMessage, path: str, subtype: str = "plain") -> str:
    """The first address in a part of the mail that contains these words."""
    words = unescape(text_of(mail, subtype))
    found = [link for link in LINK.findall(words) if path in link]
    assert found, f"no link with {path}: {words}"
    return str(found[0]).rstrip(".,)")


def unsubscribe_address(mail: EmailMessage) -> str:
    """Where a mailbox provider posts for its reader (RFC 8058)."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (address,) = re.findall(r"<(https?://[^>]+)>", str(mail["List-Unsubscribe"]))
    return str(address)
