"""The form of the safety limits."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from delivery.models import BOUNDS, SafetyLimits
from workspaces.forms import StyledForm

PLACES = 2  # of a percentage: complaints are counted in hundredths


def _in_percent(rate: float) -> Decimal:
    """With as many places as it needs: 5, 0.3, 0.05."""
    percent = (Decimal(str(rate)) * 100).quantize(Decimal("0.01")).normalize()
    return percent if percent != percent.to_integral() else percent.quantize(Decimal(1))


def _percent(name: str, label: Any, help_text: Any) -> forms.DecimalField:
    low, high = (_in_percent(bound) for bound in BOUNDS[name])
    return forms.DecimalField(
        label=label, help_text=help_text, min_value=low, max_value=high, decimal_places=PLACES, max_digits=5
    )


def _number(name: str, label: Any, help_text: Any = "") -> forms.IntegerField:
    low, high = (int(bound) for bound in BOUNDS[name])
    return forms.IntegerField(label=label, help_text=help_text, min_value=low, max_value=high)


class SafetyForm(StyledForm):
    """When sends stop by themselves. Shares are given in percent."""

    refused_rate = _percent("refused_rate", _("Stop above, in percent"), _("Good lists stay below 2."))
    refused_sample = _number("refused_sample", _("Count from so many mails on"), _("Of a few, a share says little."))
    complaint_rate = _percent(
        "complaint_rate",
        _("Stop above, in percent"),
        _("From 0.3 on, Gmail gives no help until a week has been better."),
    )
    complaint_warn_rate = _percent(
        "complaint_warn_rate", _("Warn from, in percent"), _("Gmail asks to stay below 0.1.")
    )
    content_rate = _percent("content_rate", _("Mails refused for what they say, in percent"), _("From 100 mails on."))
    sender_fault_limit = _number(
        "sender_fault_limit",
        _("Mails refused because of the sender"),
        _("For want of SPF, DKIM, DMARC and the like. No contact is blamed for them."),
    )
    unanswered_limit = _number(
        "unanswered_limit", _("Mails in a row without an answer"), _("Of each, nobody knows whether it arrived.")
    )
    late_after_minutes = _number(
        "late_after_minutes",
        _("Ask before a send that is late by, in minutes"),
        _("Nothing that is later starts by itself."),
    )
    stuck_after_minutes = _number(
        "stuck_after_minutes", _("Tell us when nothing moves for, in minutes"), _("With the likely reason.")
    )

    SECTIONS: tuple[tuple[Any, Any, tuple[str, ...]], ...] = (
        (
            _("Addresses that are refused"),
            _("Such a list is usually old or bought."),
            ("refused_rate", "refused_sample"),
        ),
        (
            _("Complaints"),
            _("People who call the mail spam, as reported to us. They count from 1,000 sent mails on."),
            ("complaint_rate", "complaint_warn_rate"),
        ),
        (
            _("Answers of mail servers"),
            _("What goes wrong with everybody’s mail, so that going on makes it worse."),
            ("content_rate", "sender_fault_limit", "unanswered_limit"),
        ),
        (_("Time"), _("After an outage, and while nothing moves."), ("late_after_minutes", "stuck_after_minutes")),
    )

    @property
    def sections(self) -> list[tuple[Any, Any, list[forms.BoundField]]]:
        """The fields under their headings, each with a sentence on what it is about."""
        return [(title, about, [self[name] for name in names]) for title, about, names in self.SECTIONS]

    def __init__(self, *args: Any, limits: SafetyLimits, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {name: _shown(name, getattr(limits, name)) for name in BOUNDS})
        super().__init__(*args, **kwargs)

    @property
    def changes(self) -> dict[str, float]:
        """What the service takes: shares from 0 to 1."""
        given = self.cleaned_data
        return {name: float(given[name] / 100) if name.endswith("_rate") else given[name] for name in BOUNDS}


def _shown(name: str, value: float) -> Decimal | int:
    return _in_percent(value) if name.endswith("_rate") else int(value)
