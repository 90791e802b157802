"""Why a send stopped by itself, in words: what was measured, the limit, and what to do."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from delivery.models import Halt
from delivery.sender_faults import advice_for


@dataclass(frozen=True, slots=True)
class HaltWords:
    """A headline, what was measured against which limit, and what a person should do."""

    title: str
    measured: str
    advice: str

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.title}.", self.measured, self.advice) if part)


def halt_words(halt: str, facts: dict[str, Any], zone: ZoneInfo) -> HaltWords:
    """In the language of the moment; times by the clock of `zone`."""
    title = str(Halt(halt).label)
    if halt == Halt.INTERRUPTED:
        return HaltWords(title, _interruption(facts, zone), _interrupted_advice())
    if halt == Halt.RESTORED:
        return HaltWords(title, "", _restored_advice())
    return HaltWords(title, _measured(halt, facts), _advice(halt, facts))


def _measured(halt: str, facts: dict[str, Any]) -> str:
    count, limit = facts["count"], facts["limit"]
    if halt == Halt.SENDER:
        words = ngettext(
            "%(count)s message was refused or put off because of the sender (%(code)s); the limit is %(limit)s.",
            "%(count)s messages were refused or put off because of the sender (%(code)s); the limit is %(limit)s.",
            count,
        )
        return words % {"count": number_format(count), "code": facts["code"], "limit": number_format(int(limit))}
    if halt == Halt.UNANSWERED:
        words = _("The last %(count)s messages got no answer after they were handed over; the limit is %(limit)s.")
        return words % {"count": number_format(count), "limit": number_format(int(limit))}
    return _share_words(halt) % {
        "count": number_format(count),
        "of": number_format(facts["of"]),
        "rate": share(count / facts["of"]),
        "limit": share(limit),
    }


def _share_words(halt: str) -> str:
    if halt == Halt.REFUSED:
        return _("%(count)s of %(of)s addresses were refused or do not exist, %(rate)s; the limit is %(limit)s.")
    if halt == Halt.COMPLAINTS:
        return _("%(count)s of %(of)s people called the mail spam, %(rate)s; the limit is %(limit)s.")
    return _("%(count)s of %(of)s mails were refused for what they say, %(rate)s; the limit is %(limit)s.")


def _advice(halt: str, facts: dict[str, Any]) -> str:
    if halt == Halt.SENDER:
        return _("No contact is to blame.") + " " + advice_for(facts["code"])
    if halt == Halt.REFUSED:
        return _("Such a list is usually old or bought. Find out where the addresses come from before you go on.")
    if halt == Halt.COMPLAINTS:
        return _(
            "Mailbox providers block senders for this. Cancel the rest, or go on only with people who surely asked for "
            "your mail."
        )
    if halt == Halt.CONTENT:
        return _("Look at what the servers said in the list of recipients, and change text or links in a new campaign.")
    return _("Ask whoever runs the mail server. Each message without an answer may or may not have arrived.")


def _interruption(facts: dict[str, Any], zone: ZoneInfo) -> str:
    begin, end = (_moment(facts[name], zone) for name in ("from", "until"))
    return _("Nothing went out between %(begin)s and %(end)s.") % {"begin": begin, "end": end}


def _interrupted_advice() -> str:
    return _("Go on now, or cancel the rest?")


def _restored_advice() -> str:
    return _("Compare with what really went out before you go on: whoever got the mail since then would get it twice.")


def _moment(text: str, zone: ZoneInfo) -> str:
    return date_format(datetime.fromisoformat(text).astimezone(zone), "SHORT_DATETIME_FORMAT")


def share(rate: float) -> str:
    """A small share in percent with as many places as it needs, two at most: 5%, 0.3%, 0.31%."""
    percent = (Decimal(rate) * 100).quantize(Decimal("0.01"), ROUND_HALF_UP).normalize()
    return f"{number_format(percent, max(-int(percent.as_tuple().exponent), 0))}%"


def warning_words(figures: dict[str, float]) -> str:
    """How many complained, beside what mailbox providers bear."""
    said = {
        "count": number_format(int(figures["count"])),
        "of": number_format(int(figures["of"])),
        "rate": share(figures["count"] / figures["of"]),
        "limit": share(figures["limit"]),
    }
    return _("%(count)s of %(of)s people called the mail spam: %(rate)s. A warning is due from %(limit)s.") % said
