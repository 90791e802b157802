"""Which mailbox provider reads an address, as far as its domain tells.

Providers count and judge what they get from us over all their domains together, so that is how we limit it. A business
that keeps its own domain at Google or Microsoft is `other`: only its MX record would tell, and asking for a million of
them costs more than it brings. Sources of the lists:

- Gmail: googlemail.com is the same mailbox as gmail.com (Google Account Help, "Use Gmail or Google Mail").
- Microsoft: Outlook.com's consumer domains outlook, hotmail, live and msn (Microsoft, "Outlook's new requirements for
  high-volume senders", which names hotmail.com, live.com and outlook.com).
- Yahoo: yahoo, ymail, rocketmail and AOL are one system (Yahoo Sender Hub). yahoo.co.jp belongs to another company, LY.
- Apple: icloud.com, me.com and mac.com (Apple Support, "Postmaster information for iCloud Mail").
- Mail.ru: mail.ru, inbox.ru, list.ru, bk.ru and internet.ru, as offered when a mailbox is made there.
- Yandex: yandex.* of each country and ya.ru (Yandex Mail Help, "Addresses and domains").
- United Internet: GMX, WEB.DE and mail.com are run by 1&1 Mail & Media (postmaster.gmx.net).
- Proton: proton.me, protonmail.com, protonmail.ch and pm.me (Proton support, "Proton Mail domains").
- abv.bg, mail.bg, Rambler, T-Online, Orange and Seznam: large in our readers' countries, under their own names.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from django.db.models import CharField, Func
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OTHER = "other"
LABELS: Mapping[str, "str | Promise"] = MappingProxyType(
    {
        "gmail": "Gmail",
        "microsoft": "Outlook, Hotmail",
        "yahoo": "Yahoo, AOL",
        "apple": "iCloud",
        "mailru": "Mail.ru",
        "yandex": _("Yandex"),
        "gmx": "GMX, WEB.DE",
        "proton": "Proton",
        "abv": "abv.bg",
        "mailbg": "mail.bg",
        "rambler": _("Rambler"),
        "telekom": "T-Online",
        "orange": "Orange",
        "seznam": "Seznam",
        OTHER: _("All other domains"),
    }
)
GROUPS = tuple(LABELS)

_DOMAINS = {
    "gmail": ("gmail.com", "googlemail.com"),
    "microsoft": ("msn.com",),
    "yahoo": ("ymail.com", "rocketmail.com"),
    "apple": ("icloud.com", "me.com", "mac.com"),
    "mailru": ("mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"),
    "yandex": ("ya.ru",),
    "gmx": ("web.de", "mail.com"),
    "proton": ("proton.me", "protonmail.com", "protonmail.ch", "pm.me"),
    "abv": ("abv.bg",),
    "mailbg": ("mail.bg",),
    "rambler": ("rambler.ru", "rambler.ua", "lenta.ru", "autorambler.ru", "myrambler.ru", "ro.ru"),
    "telekom": ("t-online.de", "magenta.de"),
    "orange": ("orange.fr", "wanadoo.fr"),
    "seznam": ("seznam.cz", "email.cz", "post.cz"),
    OTHER: ("yahoo.co.jp",),
}
_IN_EVERY_COUNTRY = {
    "outlook": "microsoft",
    "hotmail": "microsoft",
    "live": "microsoft",
    "yahoo": "yahoo",
    "aol": "yahoo",
    "yandex": "yandex",
    "gmx": "gmx",
}
_GROUP_OF = {domain: group for group, domains in _DOMAINS.items() for domain in domains}
_SPELLING = rf"^({'|'.join(_IN_EVERY_COUNTRY)})\.(?:[a-z]{{2,3}}|com?\.[a-z]{{2}})$"  # hotmail.fr, yahoo.co.uk
_PATTERN = re.compile(_SPELLING)
_SMALL = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}  # what COLLATE "C" makes small, and no more


def domain_group(address: str) -> str:
    """The group of an address, or of a domain: one of `GROUPS`. Never fails: what is no domain is `other`."""
    domain = address.rpartition("@")[2].translate(_SMALL)
    if domain in _GROUP_OF:
        return _GROUP_OF[domain]
    found = _PATTERN.match(domain)
    # `$` also stands before a line break at the end, in Python but not in PostgreSQL.
    return _IN_EVERY_COUNTRY[found[1]] if found and not domain.endswith("\n") else OTHER


def group_sql(column: str) -> str:
    """`domain_group` as an SQL expression over a column of addresses. `column` is code, never input."""
    domain = f"lower(split_part({column}, '@', -1) COLLATE \"C\")"
    known = " ".join(f"WHEN '{name}' THEN '{group}'" for name, group in _GROUP_OF.items())
    abroad = " ".join(f"WHEN '{name}' THEN '{group}'" for name, group in _IN_EVERY_COUNTRY.items())
    return f"CASE {domain} {known} ELSE CASE substring({domain} from '{_SPELLING}') {abroad} ELSE '{OTHER}' END END"


class GroupOf(Func):
    """The group of an address, in a query: `Contact.objects.annotate(group=GroupOf("address"))`."""

    template = group_sql("%(expressions)s")
    output_field = CharField()
