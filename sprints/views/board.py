"""The board: a sprint's, that of all open work, a card's moves, and the columns."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from sprints.boards import Board, board, more_cards, steps_of
from sprints.broadcast import BOARD, SPRINT
from sprints.forms.board import (
    SHOWN,
    BoardForm,
    ColumnForm,
    ColumnFormSet,
    FurtherForm,
    MoveForm,
    column_rows,
    rearranged,
)
from sprints.lanes import LaneBy
from sprints.models import Sprint, Story, StoryStatus
from sprints.ordering import neighbours
from sprints.services.board import move_card
from sprints.services.columns import MOST_COLUMNS, ColumnWish, set_columns
from sprints.services.stories import StoryRefused
from sprints.views.returning import MOVED, back_with, here, said_of, wanted_way
from workspaces.forms import StyledForm
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import Workspace
from workspaces.permissions import Can

TARGET = "board"
"""The part of a page that is swapped when the board changes."""


@dataclass(frozen=True, slots=True)
class CardsAt:
    """What all cards of a board have in common: where stories are, the way back, and what may be done with them."""

    stories: str
    next: str
    can_move: bool
    is_all_work: bool


def board_context(request: MemberRequest, sprint: Sprint | None) -> dict[str, Any]:
    """What `_board.html` and the switches above it show."""
    form = BoardForm(request.GET, workspace=request.workspace)
    choice = form.choice
    shown = board(request.workspace, sprint, choice, request.member)
    moved = said_of(request, MOVED)
    return {
        "board": shown,
        "choice": choice,
        "filters": form,
        "shows": SHOWN,
        "lane_choices": LaneBy.choices,
        "here": here(request),
        "moved": moved,
        "said": _place_in_words(moved, shown),
        "plain": request.path,
        "at": _at(request, sprint, here(request)),
        "is_alone": is_board_only(request),
        "topic": f"{SPRINT}-{sprint.pk}" if sprint else f"{BOARD}-{request.workspace.pk}",
    }


def _place_in_words(moved: int | None, shown: Board) -> str:
    """For those who do not see the board move."""
    for lane, cell in ((each, cell) for each in shown.lanes for cell in each.cells):
        for place, card in enumerate(cell.cards, start=1):
            if card.story.pk == moved:
                words = _("“%(story)s” is in “%(column)s” now, number %(place)d of %(count)d")
                if lane.key:
                    words = _("“%(story)s” is in “%(column)s” of lane “%(lane)s” now, number %(place)d of %(count)d")
                said = {"story": card.story, "column": cell.column, "lane": lane.title}
                return words % {**said, "place": place, "count": cell.count}
    return ""


def further(request: MemberRequest, sprint: Sprint | None) -> HttpResponse:
    """The next cards of a cell, for a list that is looked at further down."""
    form, asked = BoardForm(request.GET, workspace=request.workspace), FurtherForm(request.GET)
    cell = None
    if asked.is_valid():
        skipped = asked.cleaned_data["skip"]
        cell = more_cards(request.workspace, sprint, form.choice, request.member, asked.cell, skipped)
    if cell is None:
        raise StoryRefused(_("The columns have changed since you loaded the board. Load the page again."))
    context = {"cell": cell, "next_skip": skipped + len(cell.cards), "at": _at(request, sprint, _without_skip(request))}
    return render(request, "sprints/_board_further.html", context)


def _at(request: MemberRequest, sprint: Sprint | None, way: str) -> CardsAt:
    first = reverse("sprints:story_detail", kwargs={"workspace": request.workspace.slug, "pk": 0})
    return CardsAt(first.removesuffix("0/"), quote(way, safe=""), request.member.may(Can.EDIT_STORIES), sprint is None)


def _without_skip(request: MemberRequest) -> str:
    params = request.GET.copy()
    for name in FurtherForm.base_fields:
        params.pop(name, None)
    return f"{request.path}?{params.urlencode()}" if params else request.path


def is_further(request: MemberRequest) -> bool:
    return bool(request.htmx) and "skip" in request.GET


def is_board_only(request: MemberRequest) -> bool:
    return request.htmx.target == TARGET


@page(Can.SEE_SPRINTS)
def board_show(request: MemberRequest) -> HttpResponse:
    """All open work on one board; htmx gets the board alone, or the next cards of a cell."""
    if is_further(request):
        return further(request, None)
    context = board_context(request, None)
    template = "sprints/_board.html" if is_board_only(request) else "sprints/board_show.html"
    return render(request, template, context)


def _story(request: MemberRequest, pk: int) -> Story:
    return get_object_or_404(Story.objects.for_workspace(request.workspace).with_plan(), pk=pk)


@action(Can.EDIT_STORIES)
def story_move(request: MemberRequest, pk: int) -> HttpResponse:
    """Move a story to another column, or within its list: by the card's menu, by keys, by buttons, by dragging."""
    story = _story(request, pk)
    list_of_it = neighbours(request.workspace, story.sprint)
    form = MoveForm(request.POST, stories=list_of_it, workspace=request.workspace)
    if not form.is_valid():
        raise StoryRefused(_("The list has changed since you loaded it. Load the page again."))
    move_card(story=story, move=form.move, by=request.member, now=request.now)
    if not request.htmx:
        messages.success(request, _("“%(story)s” is moved") % {"story": story})
    return back_with(request, story, "sprints:story_detail", workspace=request.workspace.slug, pk=pk)


@page(Can.EDIT_STORIES)
def story_place(request: MemberRequest, pk: int) -> HttpResponse:
    """Where a card can go from where it is; htmx puts it into the card's menu."""
    story = _story(request, pk)
    way = wanted_way(request.GET)
    choice = BoardForm(QueryDict(way.partition("?")[2]), workspace=request.workspace).choice
    steps = steps_of(story, choice, request.member)
    context = {"story": story, "steps": steps, "next": way}
    return render(request, "sprints/_story_place.html" if request.htmx else "sprints/story_place.html", context)


@page(Can.MANAGE_WORKSPACE, Can.MANAGE_WORKSPACE)
def settings_board(request: MemberRequest) -> HttpResponse:
    """The columns of the board: all in one form, whose buttons also shift and remove one, and a new one in another."""
    is_posted, is_new = request.method == "POST", "add" in request.POST
    rows = ColumnFormSet(
        request.POST if is_posted and not is_new else None, initial=column_rows(request.workspace), prefix="column"
    )
    new = ColumnForm(request.POST if is_new else None, prefix="new", initial={"status": StoryStatus.DOING})
    problem = StyledForm({})
    if is_posted and (new.is_valid() if is_new else rows.is_valid()):
        seen = [row.wish for row in rows.forms] if not is_new else []
        wishes = rearranged(seen, request.POST.get("do", "")) if seen else _with_new(request.workspace, new.wish)
        known = [wish.pk for wish in seen if wish.pk] if seen else None
        with shown_on(problem):
            set_columns(workspace=request.workspace, wishes=wishes, known=known, by=request.member, now=request.now)
            messages.success(request, _("Columns saved"))
            return redirect("sprints:settings_board", workspace=request.workspace.slug)
    is_wrong = bool(problem.errors or new.errors or (rows.is_bound and rows.total_error_count()))
    context = {"rows": rows, "new": new, "form": problem, "most": MOST_COLUMNS}
    return render(request, "sprints/settings_board.html", context, status=UNPROCESSABLE if is_wrong else 200)


def _with_new(workspace: Workspace, wish: ColumnWish) -> list[ColumnWish]:
    """The columns with one more, behind the last of its group or of those before it."""
    wishes = [ColumnWish(**row) for row in column_rows(workspace)]
    groups = list(StoryStatus)
    at = [n for n, each in enumerate(wishes, 1) if groups.index(each.status) <= groups.index(wish.status)]
    wishes.insert(max(at, default=0), wish)
    return wishes
