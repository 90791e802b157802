"""Sums of money as programs and files give them."""

from decimal import Decimal

from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from workspaces.models import Workspace

CENT = Decimal("0.01")


class MoneyRefused(DomainError):
    """The sum cannot be kept."""

    code = "money_refused"
    status = 400


def checked_money(workspace: Workspace, amount: Decimal, currency: str, *, digits: int, below_zero: bool) -> Decimal:
    """The sum in cents of the workspace's currency. `digits` is what the column holds, cents included.

    Raises `MoneyRefused` for another currency, parts of a cent, too much, or less than nothing where that cannot be.
    """
    if currency and currency.upper() != workspace.currency:
        raise MoneyRefused(
            _("This is in %(given)s, but sums here are in %(ours)s. Convert it first.")
            % {"given": currency[:10].upper(), "ours": workspace.currency}
        )
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** (digits - 2):
        raise MoneyRefused(_("“%(amount)s” is no sum of money.") % {"amount": str(amount)[:20]})
    if amount != amount.quantize(CENT):
        raise MoneyRefused(_("“%(amount)s” has parts of a cent. Round it first.") % {"amount": str(amount)[:20]})
    if amount < 0 and not below_zero:
        raise MoneyRefused(_("“%(amount)s” is less than nothing.") % {"amount": str(amount)[:20]})
    return amount.quantize(CENT)
