"""The backlog: its pages, what is done to many at once, lists that are pasted, searches that are kept."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from audience.models import Segment
from sprints.backlog_filters import CONDITIONS, Mark, Place, Wanted
from sprints.backlog_page import Asked, BacklogPage, backlog_page, place_in_words
from sprints.drafts import read_drafts, with_twins
from sprints.forms.backlog import ORDER, BulkForm, FilterForm, PasteForm, kept_query, number_of, wanted_of
from sprints.forms.stories import TitleForm
from sprints.models import BulkChange, Idea, Label, SavedFilter, StoryKind, StoryTemplate
from sprints.queries import open_sprints
from sprints.scoring import Method, methods
from sprints.services import bulk, many, stories, templates
from sprints.services.bulk import PLANNING, UNDO_WITHIN, Action
from sprints.services.stories import StoryRefused
from sprints.views.returning import ADDED, CHANGED, MOVED, back, back_after, here, said_of
from strategy.models import Goal
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.models import Member
from workspaces.permissions import Can

AFTER, BEFORE = "after", "before"


@page(Can.SEE_SPRINTS, Can.EDIT_STORIES)
def story_list(request: MemberRequest) -> HttpResponse:
    """The backlog by hand or by score, whole or narrowed, and a new story in one line."""
    form = TitleForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            story = stories.write_story(
                workspace=request.workspace, title=form.cleaned_data["title"], by=request.member, now=request.now
            )
            return redirect(f"{request.path}?{ADDED}={story.pk}")
    ways, wanted = methods(request.workspace), wanted_of(request.GET)
    asked = _asked(request, wanted, ways)
    shown = backlog_page(request.member, asked, request.now.astimezone(request.workspace.zone).date())
    context = {
        "form": form,
        "page": shown,
        "cards": shown.rows,
        "asked": asked,
        "here": here(request),
        "moved": said_of(request, MOVED),
        "added": said_of(request, ADDED),
        "said": place_in_words(request.member, said_of(request, MOVED) or said_of(request, ADDED)),
        "change": _change(request),
        **_around(request, wanted, ways, shown),
    }
    template = "sprints/_story_backlog.html" if request.htmx else "sprints/story_list.html"
    return render(request, template, context, status=UNPROCESSABLE if form.errors else 200)


def _asked(request: MemberRequest, wanted: Wanted, ways: dict[str, Method]) -> Asked:
    return Asked(
        wanted=wanted,
        method=ways.get(request.GET.get(ORDER, "")),
        after=number_of(request.GET.get(AFTER)),
        before=number_of(request.GET.get(BEFORE)),
    )


def _around(request: MemberRequest, wanted: Wanted, ways: dict[str, Method], shown: BacklogPage) -> dict[str, Any]:
    """What the filters and the bar for many offer."""
    people = Member.objects.for_workspace(request.workspace).active().select_related("user")
    goals = Goal.objects.for_workspace(request.workspace).filter(closed_at=None)
    context = {
        "wanted": wanted,
        "ways": ways.values(),
        "marks": Mark,
        "places": Place,
        "kinds": StoryKind,
        "people": people.order_by("user__name", "pk"),
        "goals": goals.order_by("due_date", "pk"),
        "labels": Label.objects.for_workspace(request.workspace).order_by("name", "pk"),
        "sprints": open_sprints(request.workspace),
        "query": kept_query(request.GET),
        "narrowed": len(wanted.marks & set(CONDITIONS)),
    }
    context |= {"filters": _filters(request), "filter_form": FilterForm(), "segments": _segments(request)}
    return context if request.htmx else {**context, "ideas_waiting": _waiting(request)}


def _segments(request: MemberRequest) -> list[Segment]:
    """What stories can be about, for those who see it."""
    if not request.member.may(Can.SEE_AUDIENCE):
        return []
    return list(Segment.objects.for_workspace(request.workspace).current().order_by("name", "pk"))


def _waiting(request: MemberRequest) -> int:
    today = request.now.astimezone(request.workspace.zone).date()
    return Idea.objects.for_workspace(request.workspace).waiting(today).count()


def _filters(request: MemberRequest) -> list[SavedFilter]:
    """One's own searches and those of the team."""
    found = SavedFilter.objects.for_workspace(request.workspace).select_related("member__user").order_by("name", "pk")
    return [kept for kept in found if kept.is_shared or kept.member_id == request.member.pk]


def _change(request: MemberRequest) -> dict[str, Any] | None:
    """What was just done to many, in a sentence, and whether it can still be taken back."""
    pk = said_of(request, CHANGED)
    change = (
        BulkChange.objects.for_workspace(request.workspace).filter(pk=pk, by=request.member).first() if pk else None
    )
    if change is None or change.undone_at or request.now - change.at > UNDO_WITHIN:
        return None
    return {"pk": change.pk, "words": change_in_words(change)}


def change_in_words(change: BulkChange) -> str:
    count = len(change.after)
    words = {
        Action.TOP: ngettext("%(count)d story is on top now", "%(count)d stories are on top now", count),
        Action.BOTTOM: ngettext("%(count)d story is at the end now", "%(count)d stories are at the end now", count),
        Action.SPRINT: ngettext(
            "%(count)d story is in the sprint now", "%(count)d stories are in the sprint now", count
        ),
        Action.LABEL: ngettext("%(count)d story has the label now", "%(count)d stories have the label now", count),
        Action.UNLABEL: ngettext(
            "The label is off %(count)d story now", "The label is off %(count)d stories now", count
        ),
        Action.DROP: ngettext("%(count)d story is dropped", "%(count)d stories are dropped", count),
    }
    other = ngettext("%(count)d story is changed", "%(count)d stories are changed", count)
    return words.get(Action(change.action), other) % {"count": count}


@action(Can.EDIT_STORIES)
def story_bulk(request: MemberRequest) -> HttpResponse:
    """Order, or describe, many stories at once."""
    return _bulk(request, set(Action) - PLANNING)


@action(Can.PLAN_SPRINTS)
def story_bulk_plan(request: MemberRequest) -> HttpResponse:
    """Put many stories into a sprint, or drop them."""
    return _bulk(request, PLANNING)


def _bulk(request: MemberRequest, allowed: "set[Action] | frozenset[Action]") -> HttpResponse:
    form = BulkForm(request.POST, workspace=request.workspace)
    if not form.is_valid() or form.bulk.action not in allowed:
        raise StoryRefused(_("This choice is no longer there. Load the page again."))
    change = bulk.change_many(
        workspace=request.workspace,
        stories=form.cleaned_data["story"],
        bulk=form.bulk,
        by=request.member,
        now=request.now,
    )
    if not request.htmx:
        messages.success(request, change_in_words(change))
    return back_after(request, change, "sprints:story_list", workspace=request.workspace.slug)


@action(Can.EDIT_STORIES)
def story_bulk_undo(request: MemberRequest, pk: int) -> HttpResponse:
    """Take back what was done to many."""
    change = get_object_or_404(BulkChange.objects.for_workspace(request.workspace), pk=pk)
    count = bulk.undo_change(change=change, by=request.member, now=request.now)
    words = ngettext("Taken back for %(count)d story", "Taken back for %(count)d stories", count)
    messages.success(request, words % {"count": count})
    return back(request, "sprints:story_list", workspace=request.workspace.slug)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_paste(request: MemberRequest) -> HttpResponse:
    """A pasted list, shown as stories before it is kept."""
    form = PasteForm(request.POST or None)
    drafts = []
    if request.method == "POST" and form.is_valid():
        drafts = with_twins(request.workspace, read_drafts(form.cleaned_data["text"]))
        if request.POST.get("do") == "save":
            with shown_on(form):
                made = many.write_drafts(
                    workspace=request.workspace, text=form.cleaned_data["text"], by=request.member, now=request.now
                )
                words = ngettext("%(count)d story is on top now", "%(count)d stories are on top now", len(made))
                messages.success(request, words % {"count": len(made)})
                return redirect("sprints:story_list", workspace=request.workspace.slug)
    good = [draft for draft in drafts if not draft.refused]
    context = {"form": form, "drafts": drafts, "count": len(good), "refused": len(drafts) - len(good)}
    return render(request, "sprints/story_paste.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_STORIES)
def storyfilter_save(request: MemberRequest) -> HttpResponse:
    """Keep the search that is on the page."""
    form = FilterForm(request.POST)
    if not form.is_valid():
        raise templates.TemplateRefused(_("Give the search a name of at most 60 letters."))
    query = kept_query(QueryDict(form.cleaned_data["query"]))
    kept = templates.save_filter(
        name=form.cleaned_data["name"], query=query, is_shared=form.cleaned_data["is_shared"], by=request.member,
        now=request.now,
    )  # fmt: skip
    messages.success(request, _("Saved as “%(name)s”") % {"name": kept})
    return redirect(_with_query(request, kept.query))


def _with_query(request: MemberRequest, query: str) -> str:
    return f"{reverse('sprints:story_list', kwargs={'workspace': request.workspace.slug})}?{query}"


@action(Can.EDIT_STORIES)
def storyfilter_remove(request: MemberRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(
        SavedFilter.objects.for_workspace(request.workspace).select_related("member__user"), pk=pk
    )
    templates.remove_filter(found=found, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is no longer saved") % {"name": found.name})
    return redirect("sprints:story_list", workspace=request.workspace.slug)


def template_of_address(request: MemberRequest) -> StoryTemplate | None:
    """The template that the address asks to start from."""
    pk = number_of(request.GET.get("template"))
    return StoryTemplate.objects.for_workspace(request.workspace).filter(pk=pk).first() if pk else None
