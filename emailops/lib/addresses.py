"""E-mail addresses: what we accept, and what makes two of them the same."""

import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError

LONGEST_ADDRESS = 254  # RFC 5321 section 4.5.3.1.3 less the angle brackets
LONGEST_LOCAL_PART = 64  # RFC 5321 section 4.5.3.1.1
ATOM = r"[^\s@()<>\[\]:;,\\\"\x00-\x1f\x7f]+"
LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
SHAPE = re.compile(rf"(?P<local>{ATOM})@(?P<domain>(?:{LABEL}\.)+{LABEL})")


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

    The domain is kept as its A-label, so that `bücher.example` and `xn--bcher-kva.example` are one. Raises
    `InvalidAddress` with the reason.
    """
    text = text.strip().removeprefix("mailto:")
    found = SHAPE.fullmatch(text)
    if found is None:
        raise InvalidAddress(_("“%(text)s” is not an e-mail address.") % {"text": text[:80]})
    local, domain = found["local"], _ascii_domain(found["domain"])
    if local.startswith(".") or local.endswith(".") or ".." in local:
        raise InvalidAddress(_("The part before @ in “%(text)s” has a dot too many.") % {"text": text[:80]})
    if len(local.encode()) > LONGEST_LOCAL_PART or len(local.encode()) + len(domain) + 1 > LONGEST_ADDRESS:
        raise InvalidAddress(_("“%(text)s…” is too long for an e-mail address.") % {"text": text[:40]})
    return Address(f"{local}@{domain}", f"{local.lower()}@{domain}")


def _ascii_domain(domain: str) -> str:
    try:
        return domain.lower().encode("idna").decode("ascii")
    except UnicodeError as error:
        raise InvalidAddress(_("“%(domain)s” is not a domain name.") % {"domain": domain[:80]}) from error
