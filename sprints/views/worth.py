"""What a story is worth and where it comes from; templates to start from; the team's own formula."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.forms.backlog import FormulaForm, OriginForm, ScoreForm, TemplateForm, TemplateNameForm
from sprints.learning import Lesson, lessons_for
from sprints.models import RetroAction, Story, StoryOrigin, StoryTemplate
from sprints.scoring import methods, own_formula, scores_of, what_helps
from sprints.services import scores, templates
from sprints.services.templates import TEMPLATE_FIELDS, TemplateRefused
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can


def _story(request: MemberRequest, pk: int) -> Story:
    found = Story.objects.for_workspace(request.workspace).with_plan()
    return get_object_or_404(found.select_related("score", "origin__contact", "origin__earlier"), pk=pk)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_score(request: MemberRequest, pk: int) -> HttpResponse:
    """The figures of a story, and what each way to count makes of them."""
    story = _story(request, pk)
    form = ScoreForm(request.POST or None, score=getattr(story, "score", None))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            scores.set_score(story=story, figures=form.figures, by=request.member, now=request.now)
            messages.success(request, _("Score saved"))
            return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=pk)
    ways = methods(request.workspace)
    context = {"form": form, "story": story, "scores": scores_of(story, ways), "lessons": _lessons(request, story)}
    return render(request, "sprints/story_score.html", context, status=UNPROCESSABLE if form.errors else 200)


def _lessons(request: MemberRequest, story: Story) -> list[Lesson]:
    return lessons_for(request.workspace, [story]).get(story.pk, [])


def worth_context(request: MemberRequest, story: Story) -> dict[str, Any]:
    """What a story's page says of its worth and its past. Six queries."""
    return {
        "scores": scores_of(story, methods(request.workspace)),
        "lessons": _lessons(request, story),
        "origin": StoryOrigin.objects.for_workspace(request.workspace)
        .filter(story=story)
        .select_related("contact", "earlier")
        .first(),
        "ideas": story.ideas.order_by("received_at", "pk"),
        "later": Story.objects.for_workspace(request.workspace).filter(origin__earlier=story).order_by("number"),
        "from_action": RetroAction.objects.for_workspace(request.workspace)
        .filter(story=story)
        .select_related("sprint")
        .first(),
        "template_form": TemplateNameForm(),
    }


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_origin(request: MemberRequest, pk: int) -> HttpResponse:
    """Where a story comes from."""
    story = _story(request, pk)
    form = OriginForm(request.POST or None, story=story, member=request.member)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            templates.set_origin(story=story, origin=form.origin, by=request.member, now=request.now)
            messages.success(request, _("Saved where the story comes from"))
            return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=pk)
    context = {"form": form, "story": story}
    return render(request, "sprints/story_origin.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(Can.SEE_SPRINTS, Can.PLAN_SPRINTS)
def score_formula(request: MemberRequest) -> HttpResponse:
    """How scores are counted, and the team's own way."""
    formula = own_formula(request.workspace)
    form = FormulaForm(request.POST or None, formula=formula)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            scores.set_formula(
                workspace=request.workspace,
                name=form.cleaned_data["name"],
                expression=form.cleaned_data["expression"],
                by=request.member,
                now=request.now,
            )
            messages.success(request, _("Formula saved"))
            return redirect("sprints:score_formula", workspace=request.workspace.slug)
    context = {"form": form, "formula": formula, "ways": methods(request.workspace).values(), "help": what_helps()}
    return render(request, "sprints/score_formula.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.PLAN_SPRINTS)
def score_formula_drop(request: MemberRequest) -> HttpResponse:
    scores.drop_formula(workspace=request.workspace, by=request.member, now=request.now)
    messages.success(request, _("The own formula is removed; ICE and RICE stay"))
    return redirect("sprints:score_formula", workspace=request.workspace.slug)


@page(Can.SEE_SPRINTS)
def storytemplate_list(request: MemberRequest) -> HttpResponse:
    found = StoryTemplate.objects.for_workspace(request.workspace).order_by("name", "pk")
    return render(request, "sprints/storytemplate_list.html", {"templates": found})


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def storytemplate_new(request: MemberRequest) -> HttpResponse:
    return _template_form(request, None)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def storytemplate_edit(request: MemberRequest, pk: int) -> HttpResponse:
    return _template_form(request, get_object_or_404(StoryTemplate.objects.for_workspace(request.workspace), pk=pk))


def _template_form(request: MemberRequest, template: StoryTemplate | None) -> HttpResponse:
    form = TemplateForm(request.POST or None, instance=template)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            fields = {name: form.cleaned_data[name] for name in TEMPLATE_FIELDS}
            templates.save_template(
                workspace=request.workspace, template=template, fields=fields, by=request.member, now=request.now
            )
            messages.success(request, _("Template saved"))
            return redirect("sprints:storytemplate_list", workspace=request.workspace.slug)
    context = {"form": form, "template": template}
    return render(request, "sprints/storytemplate_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@action(Can.EDIT_STORIES)
def storytemplate_remove(request: MemberRequest, pk: int) -> HttpResponse:
    template = get_object_or_404(StoryTemplate.objects.for_workspace(request.workspace), pk=pk)
    templates.remove_template(template=template, by=request.member, now=request.now)
    messages.success(request, _("“%(name)s” is removed; its stories stay") % {"name": template.name})
    return redirect("sprints:storytemplate_list", workspace=request.workspace.slug)


@action(Can.EDIT_STORIES)
def story_to_template(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep what a story says as a template."""
    story, form = _story(request, pk), TemplateNameForm(request.POST)
    if not form.is_valid():
        raise TemplateRefused(_("Give the template a name of at most 80 letters."))
    kept = templates.template_of(story=story, name=form.cleaned_data["name"], by=request.member, now=request.now)
    messages.success(request, _("Kept as the template “%(name)s”") % {"name": kept})
    return redirect("sprints:storytemplate_list", workspace=request.workspace.slug)
