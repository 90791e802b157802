"""Answers that condemn the sender, whoever the reader is: authentication, DNS, TLS, reputation.

Sources: RFC 7372 (X.7.20 to X.7.26); Google, "Gmail SMTP errors and codes" and "Email sender guidelines"; Microsoft,
"Fix NDR error 550 5.7.515" and "Non-delivery reports in Exchange Online".
"""

import re

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

AUTHENTICATION = _("Publish SPF and DKIM for the sender’s domain so that both pass, then resume.")
DMARC = _("Publish a DMARC record for the sender’s domain (v=DMARC1; p=none is enough), then resume.")
ALIGNMENT = _("Let the domain of the sender’s address be the one that SPF or DKIM passes for, then resume.")
SPF = _("Add the mail server to the SPF record of the envelope sender’s domain, then resume.")
DKIM = _("Have the mail signed with a DKIM key that is published for the sender’s domain, then resume.")
REVERSE_DNS = _("Give the mail server’s IP address a name (PTR) that points back to the same address, then resume.")
TLS = _("Let the mail server use TLS towards other servers, then resume.")
REPUTATION = _("Too much of this mail was called spam. Write to fewer, warmer readers, and wait before you resume.")
BLOCKED = _("The mail server’s IP address is blocked there. Ask that provider to take it off its list, then resume.")

ADVICE: dict[str, str | Promise] = {
    "7.20": DKIM,
    "7.21": DKIM,
    "7.22": ALIGNMENT,
    "7.23": SPF,
    "7.24": SPF,
    "7.25": REVERSE_DNS,
    "7.26": AUTHENTICATION,
    "7.27": SPF,
    "7.28": REPUTATION,
    "7.29": TLS,
    "7.30": DKIM,
    "7.31": DMARC,
    "7.32": ALIGNMENT,
    "7.40": DMARC,
    "7.501": BLOCKED,
    "7.502": BLOCKED,
    "7.503": BLOCKED,
    "7.509": DMARC,
    "7.511": BLOCKED,
    "7.515": AUTHENTICATION,
    **{f"7.{number}": BLOCKED for number in range(606, 650)},
}
"""What to do, by subject and detail of the enhanced status code (RFC 3463); 4.… and 5.… say the same."""
GOOGLES_OWN = {"4.7.23": REVERSE_DNS}  # Gmail defers for a missing PTR under the number that RFC 7372 gives to SPF

PATTERN = r"(?<![0-9.])[45]\.(?:" + "|".join(code.replace(".", r"\.") for code in ADVICE) + r")(?![0-9]|\.[0-9])"
"""Finds such a code in a server's words; the same expression for Python and for PostgreSQL."""
CODE = re.compile(PATTERN)


def sender_fault(words: str) -> str:
    """The code by which a server's words condemn the sender; empty when they do not."""
    found = CODE.search(words)
    return found[0] if found else ""


def advice_for(code: str) -> str:
    """What to do about it, in plain words."""
    return str(GOOGLES_OWN.get(code) or ADVICE.get(code.partition(".")[2], AUTHENTICATION))
