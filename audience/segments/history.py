"""What people did, asked of the rows that say so: whether, when last, how often and for how much."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Max, QuerySet, Sum
from django.utils.translation import gettext as _

from audience.segments.comparing import at_least
from audience.segments.fields import Ask, AskedFilter, Test

Rows = QuerySet[Any, Any]


def _as_they_are(rows: Rows, _where: Sequence[AskedFilter]) -> Rows:
    return rows


@dataclass(frozen=True, slots=True)
class History:
    """Rows of one workspace with a `contact` that is set, the column of their moment and, if any, of their amount.

    `narrow` keeps the rows that all the filters fit.
    """

    rows: Rows
    moment: str
    amount: str = ""
    narrow: Callable[[Rows, Sequence[AskedFilter]], Rows] = _as_they_are

    def build(self, ask: Ask) -> Test:
        rows = self.narrow(self.rows, ask.where)
        if ask.op in {"in_last_days", "ever"}:
            return Test(rows=self._within(rows, ask, ask.value), slow=self._slow(ask, ask.value))
        if ask.op == "last_before":
            last = rows.values("contact").annotate(last=Max(self.moment))
            return self._grouped(last.filter(last__lte=ask.now - timedelta(days=ask.value)), ask)
        return self._counted(self._within(rows, ask, ask.days).order_by().values("contact"), ask)

    def _counted(self, by_contact: Rows, ask: Ask) -> Test:
        if ask.op == "at_least":
            return self._grouped(by_contact.annotate(n=Count("pk")).filter(n__gte=ask.value), ask)
        spent = by_contact.annotate(n=Sum(self.amount))
        if ask.value <= 0:  # those who did nothing spent nothing, and are meant
            return self._grouped(spent.exclude(at_least("n", ask.value)), ask, is_absence=True)
        return self._grouped(spent.filter(at_least("n", ask.value)), ask)

    def _within(self, rows: Rows, ask: Ask, days: int | None) -> Rows:
        return rows if days is None else rows.filter(**{f"{self.moment}__gt": ask.now - timedelta(days=days)})

    def _grouped(self, rows: Rows, ask: Ask, *, is_absence: bool = False) -> Test:
        found = rows.values("contact")
        return Test(rows=found, is_grouped=True, is_absence=is_absence, slow=self._slow(ask, ask.days))

    @staticmethod
    def _slow(ask: Ask, days: int | None) -> str:
        if days is None:
            return _("It looks through all that ever happened. “In the last … days” is quicker.")
        return _("Filters on what happened look at each single time.") if ask.where else ""
