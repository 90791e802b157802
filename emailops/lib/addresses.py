"""E-mail addresses: what we accept, and what makes two of them the same."""

import re
import unicodedata
from dataclasses import dataclass

import idna
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError

LONGEST_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3 less the angle brackets
LONGEST_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1
LOCAL_PART = re.compile(r"[^\s@()<>\[\]:;,\\\"\x00-\x1f\x7f]+")
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"  # letters, digits, hyphen: RFC 1123 section 2.1
DOMAIN = re.compile(rf"(?:{LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9]")  # no top-level domain begins with a digit
PLAIN = re.compile(rf"([A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*)@((?:{LABEL}\.)+[a-z][a-z0-9-]{{0,61}}[a-z0-9])")
"""What nearly all addresses look like; for these there is nothing to normalise but case."""


class InvalidAddress(DomainError):
    """The text is not an address that mail can be sent to."""

    code = "invalid_address"
    status = 400


@dataclass(frozen=True, slots=True)
class Address:
    """`written` is for showing and for the `To` header; `key` is what addresses are compared by."""

    written: str
    key: str


def read_address(text: str) -> Address:
    """Read one address. Quoted local parts and address literals are refused: mailbox providers do not issue them.

    The domain is kept as its A-label (IDNA 2008), so that `bücher.example` and `xn--bcher-kva.example` are one; the
    local part is brought to one Unicode form (RFC 6532 section 3.1). Raises `InvalidAddress` with the reason.
    """
    plain = PLAIN.fullmatch(text)
    if plain and len(plain[1]) <= LONGEST_LOCAL_PART and len(text) <= LONGEST_ADDRESS:
        return Address(text, text.lower())
    text = unicodedata.normalize("NFC", text.strip()).removeprefix("mailto:")
    if not text:
        raise InvalidAddress(_("There is no e-mail address."))
    local, _at, domain = text.rpartition("@")
    # What does not print, such as a zero-width space from a web page, would make a second address that looks the same.
    if not LOCAL_PART.fullmatch(local) or not domain or not text.isprintable():
        raise InvalidAddress(_("“%(text)s” is not an e-mail address.") % {"text": text[:80]})
    domain = _ascii_domain(domain)
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise InvalidAddress(_("The part before @ in “%(text)s” has a dot too many.") % {"text": text[:80]})
    if len(local.encode()) > LONGEST_LOCAL_PART or len(local.encode()) + len(domain) + 1 > LONGEST_ADDRESS:
        raise InvalidAddress(_("“%(text)s…” is too long for an e-mail address.") % {"text": text[:40]})
    return Address(f"{local}@{domain}", f"{local.lower()}@{domain}")


def _ascii_domain(domain: str) -> str:
    try:
        found = domain.lower() if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        found = ""
    if not DOMAIN.fullmatch(found):
        raise InvalidAddress(_("“%(domain)s” is not a domain name.") % {"domain": domain[:80]})
    return found
