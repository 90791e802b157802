"""Stories: a story's page, and the small forms that move it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from audience.models import Segment
from sprints.forms.stories import (
    BriefForm,
    CriteriaForm,
    HypothesisForm,
    NewStoryForm,
    PlanForm,
    TickForm,
)
from sprints.models import AcceptanceCriterion, RetroAction, Story, StoryStatus, StoryTemplate
from sprints.queries import missing_parts, reach_of
from sprints.services import stories
from sprints.services.stories import Parts, StoryRefused
from sprints.views.backlog import template_of_address
from sprints.views.blockers import blocker_context
from sprints.views.returning import back
from sprints.views.worth import worth_context
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.notices.reading import mark_shown
from workspaces.permissions import Can


def _story(request: MemberRequest, pk: int) -> Story:
    return get_object_or_404(Story.objects.for_workspace(request.workspace).with_plan(), pk=pk)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_new(request: MemberRequest) -> HttpResponse:
    """A new story, from nothing or from a template."""
    template = template_of_address(request)
    form = NewStoryForm(request.POST or None, workspace=request.workspace, template=template)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            parts = Parts(criteria=form.cleaned_data["criteria"].splitlines())
            return _saved(request, None, form.fields_written, parts, _("Story written"))
    templates = StoryTemplate.objects.for_workspace(request.workspace).order_by("name", "pk")
    return _form(request, "sprints/story_form.html", form, None, chosen=template, templates=templates)


def _saved(
    request: MemberRequest, story: Story | None, fields: dict[str, Any], parts: Parts, words: str
) -> HttpResponse:
    saved = stories.save_story(
        workspace=request.workspace, story=story, fields=fields, parts=parts, by=request.member, now=request.now
    )
    messages.success(request, words)
    return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=saved.pk)


def _form(request: MemberRequest, template: str, form: Any, story: Story | None, **more: Any) -> HttpResponse:
    status = UNPROCESSABLE if form.errors else 200
    return render(request, template, {"form": form, "story": story, **more}, status=status)


@page(Can.SEE_SPRINTS)
def story_detail(request: MemberRequest, pk: int) -> HttpResponse:
    """Everything about one story."""
    story = _story(request, pk)
    mark_shown(member=request.member, shown=_told_here(story), now=request.now)
    form = CriteriaForm(initial={"criteria": "\n".join(criterion.text for criterion in story.criteria.all())})
    return _detail(request, story, form)


def _plan_form(request: MemberRequest, story: Story) -> PlanForm | None:
    """Where the story can go from where it is; None when it is done, or there is nowhere else."""
    form = PlanForm(auto_id="plan-%s", workspace=request.workspace, story=story)
    return form if story.status != StoryStatus.DONE and form.has_choice else None


def _told_here(story: Story) -> dict[str, Any]:
    """What members are told of and find on this page: the story, and the ideas and the action that it was made of."""
    actions = RetroAction.objects.for_workspace(story.workspace).filter(story=story)
    return {
        "story": [story.pk],
        "idea": story.ideas.values_list("pk", flat=True),
        "retroaction": actions.values_list("pk", flat=True),
    }


def _detail(request: MemberRequest, story: Story, form: CriteriaForm) -> HttpResponse:
    context = {
        "story": story,
        "missing": missing_parts(story),
        "reach": reach_of(story.brief.segment, request.now) if hasattr(story, "brief") else None,
        **worth_context(request, story),
        "form": form,
        **blocker_context(story),
        "plan_form": _plan_form(request, story),
    }
    return render(request, "sprints/story_detail.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_STORIES)
def story_criteria(request: MemberRequest, pk: int) -> HttpResponse:
    """Say anew what must be true before the story is done, one line a criterion."""
    story, form = _story(request, pk), CriteriaForm(request.POST)
    if form.is_valid():
        with shown_on(form):
            stories.set_criteria(story=story, texts=form.texts, by=request.member, now=request.now)
            messages.success(request, _("Acceptance criteria saved"))
            return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=pk)
    return _detail(request, story, form)


@action(Can.EDIT_STORIES)
def criterion_tick(request: MemberRequest, pk: int) -> HttpResponse:
    """Mark a criterion as met, or not; htmx gets the list of its story."""
    criteria = AcceptanceCriterion.objects.for_workspace(request.workspace).select_related("story")
    criterion, form = get_object_or_404(criteria, pk=pk), TickForm(request.POST)
    is_met = form.is_valid() and form.cleaned_data["is_met"]
    stories.tick_criterion(criterion=criterion, is_met=is_met, by=request.member, now=request.now)
    if request.htmx:
        return render(request, "sprints/_story_ticks.html", {"story": _story(request, criterion.story_id)})
    return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=criterion.story_id)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_hypothesis(request: MemberRequest, pk: int) -> HttpResponse:
    """What we believe, and how we will know."""
    story = _story(request, pk)
    hypothesis = getattr(story, "hypothesis", None)
    form = HypothesisForm(request.POST or None, workspace=request.workspace, hypothesis=hypothesis)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            return _saved(request, story, {}, Parts(belief=form.belief), _("Hypothesis saved"))
    return _form(request, "sprints/story_hypothesis.html", form, story)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_brief(request: MemberRequest, pk: int) -> HttpResponse:
    """What will happen to customers; while a segment is chosen, htmx asks for how many people are in it."""
    story = _story(request, pk)
    brief = getattr(story, "brief", None)
    if request.htmx and request.method == "GET":
        return render(request, "sprints/_story_reach.html", {"reach": _reach_of_choice(request)})
    form = BriefForm(request.POST or None, workspace=request.workspace, brief=brief)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            return _saved(request, story, {}, Parts(brief=form.brief), _("Send brief saved"))
    reach = reach_of(brief.segment, request.now) if brief else None
    return _form(request, "sprints/story_brief.html", form, story, reach=reach)


def _reach_of_choice(request: MemberRequest) -> Any:
    chosen = request.GET.get("segment", "")
    segments = Segment.objects.for_workspace(request.workspace).select_related("workspace")
    segment = segments.filter(pk=int(chosen)).first() if chosen.isdecimal() else None
    return reach_of(segment, request.now) if segment else None


@action(Can.PLAN_SPRINTS)
def story_plan(request: MemberRequest, pk: int) -> HttpResponse:
    """Put a story into a sprint, or into the backlog."""
    story, form = _story(request, pk), PlanForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        raise StoryRefused(_("Choose a sprint that is not closed."))
    sprint = form.cleaned_data["sprint"]
    reason = form.cleaned_data["reason"]
    stories.plan_story(story=story, sprint=sprint, by=request.member, now=request.now, reason=reason)
    where = {"story": story, "number": sprint.number if sprint else None}
    words = _("“%(story)s” is in sprint %(number)d now") if sprint else _("“%(story)s” is on top of the backlog now")
    messages.success(request, words % where)
    return back(request, "sprints:story_detail", workspace=request.workspace.slug, pk=pk)


@action(Can.PLAN_SPRINTS)
def story_drop(request: MemberRequest, pk: int) -> HttpResponse:
    story = _story(request, pk)
    stories.drop_story(story=story, by=request.member, now=request.now)
    messages.success(request, _("“%(story)s” is dropped; its page stays") % {"story": story})
    return back(request, "sprints:story_detail", workspace=request.workspace.slug, pk=pk)
