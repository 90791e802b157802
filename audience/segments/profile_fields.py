"""The fields that stand in a contact's profile: where somebody stands, engagement, purchases, RFM."""

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from audience.models import ContactProfile, Lifecycle
from audience.rfm import CELLS, codes_of_cells, codes_with
from audience.segments.comparing import moment_column, number_condition, number_fits
from audience.segments.fields import Ask, Choice, Field, Kind, Test
from workspaces.models import Workspace

NEVER_BOUGHT = "none"


def profile_fields(workspace: Workspace) -> Iterator[Field]:
    """What follows from behaviour; whoever has no profile yet has done nothing."""
    profiles = ContactProfile.objects.for_workspace(workspace)
    group = _("Behaviour")
    stages = [Choice(value, str(label)) for value, label in Lifecycle.choices]
    yield Field("lifecycle", _("Stage"), group, Kind.CHOICE, _stage(profiles), stages)
    for column, label in (
        ("last_sent_at", _("Last mail sent")),
        ("last_open_at", _("Last mail opened")),
        ("last_click_at", _("Last click")),
        ("last_event_at", _("Last event")),
        ("first_order_at", _("First order")),
        ("last_order_at", _("Last order")),
    ):
        yield Field(f"profile.{column}", label, group, Kind.DATE, _moment(profiles, column, workspace))
    for column, label in (
        ("sent_count", _("Number of mails sent")),
        ("open_count", _("Number of mails opened")),
        ("click_count", _("Number of clicks")),
        ("order_count", _("Number of orders")),
        ("order_sum", _("Money spent")),
    ):
        yield Field(f"profile.{column}", label, group, Kind.COUNT, _number(profiles, column))


def rfm_fields(workspace: Workspace) -> Iterator[Field]:
    """Recency, frequency and money, by name and by fifth."""
    profiles, group = ContactProfile.objects.for_workspace(workspace), _("Recency, frequency, money")
    cells = [Choice(key, str(cell.label)) for key, cell in CELLS.items()]
    cells.append(Choice(NEVER_BOUGHT, _("Never bought")))
    yield Field("rfm", _("Kind of customer"), group, Kind.CHOICE, _cell(profiles), cells)
    fifths = [Choice(number, str(number)) for number in range(1, 6)]
    for digit, key, label in (
        (0, "recency", _("Recency, in fifths")),
        (1, "frequency", _("Frequency, in fifths")),
        (2, "money", _("Money, in fifths")),
    ):
        yield Field(f"rfm.{key}", label, group, Kind.CHOICE, _fifth(profiles, digit), fifths)


def _stage(profiles: QuerySet[Any, Any]) -> Callable[[Ask], Test]:
    def build(ask: Ask) -> Test:
        if Lifecycle.NEW in ask.value:
            return Test(rows=profiles.exclude(lifecycle__in=ask.value), is_absence=True, is_single=True)
        return Test(rows=profiles.filter(lifecycle__in=ask.value), is_single=True)

    return build


def _cell(profiles: QuerySet[Any, Any]) -> Callable[[Ask], Test]:
    def build(ask: Ask) -> Test:
        codes = codes_of_cells([str(key) for key in ask.value if key != NEVER_BOUGHT])
        if NEVER_BOUGHT in ask.value:
            return Test(rows=profiles.exclude(rfm__in=[0, *codes]), is_absence=True, is_single=True)
        return Test(rows=profiles.filter(rfm__in=codes), is_single=True)

    return build


def _fifth(profiles: QuerySet[Any, Any], digit: int) -> Callable[[Ask], Test]:
    return lambda ask: Test(rows=profiles.filter(rfm__in=codes_with(digit, ask.value)), is_single=True)


def _moment(profiles: QuerySet[Any, Any], column: str, workspace: Workspace) -> Callable[[Ask], Test]:
    compare = moment_column(column, workspace.zone)
    return lambda ask: Test(rows=profiles.filter(compare(ask)), is_single=True)


def _number(profiles: QuerySet[Any, Any], column: str) -> Callable[[Ask], Test]:
    def build(ask: Ask) -> Test:
        condition: Q = number_condition(column, ask)
        if number_fits(0, ask):  # as it is for those without a profile
            return Test(rows=profiles.exclude(condition), is_absence=True, is_single=True)
        return Test(rows=profiles.filter(condition), is_single=True)

    return build
