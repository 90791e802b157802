"""Who can do what: the cross-competence matrix, the list of skills, and a story's points by skill."""

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from sprints.competence import Matrix, competence_matrix, skills_of
from sprints.competence_csv import matrix_lines
from sprints.forms.capacity import MatrixForm, SkillForm, StorySkillsForm
from sprints.models import Skill, Story
from sprints.services import skills
from workspaces.http import UNPROCESSABLE, MemberRequest, action, csv_download, page, shown_on
from workspaces.models import Member
from workspaces.permissions import Can


@page(Can.SEE_SPRINTS, Can.EDIT_STORIES)
def team_skills(request: MemberRequest) -> HttpResponse:
    """People by skills with the gaps; `?edit=1` has controls in the cells that one may change."""
    matrix = competence_matrix(request.workspace)
    editable = _editable(request, matrix)
    form = MatrixForm(request.POST or None, matrix=matrix, editable=editable)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            _save(request, form)
            messages.success(request, _("Skills saved"))
            return redirect("sprints:team_skills", workspace=request.workspace.slug)
    is_editing = bool(editable) and (request.method == "POST" or request.GET.get("edit") == "1")
    context = {
        "matrix": matrix,
        "form": form,
        "editable": {member.pk for member in editable},
        "is_editing": is_editing,
        "current": "skills",
    }
    return render(request, "sprints/team_skills.html", context, status=UNPROCESSABLE if form.errors else 200)


def _editable(request: MemberRequest, matrix: Matrix) -> list[Member]:
    """Whose levels this person may set."""
    if request.member.may(Can.PLAN_SPRINTS):
        return [row.member for row in matrix.rows]
    is_mine = request.member.may(Can.EDIT_STORIES)
    return [row.member for row in matrix.rows if is_mine and row.member.pk == request.member.pk]


@page(Can.SEE_SPRINTS)
def team_skills_csv(request: MemberRequest) -> StreamingHttpResponse:
    """The matrix for a spreadsheet: a line a person, then how many do each skill alone."""
    return csv_download(f"skills-{request.workspace.slug}.csv", matrix_lines(competence_matrix(request.workspace)))


@transaction.atomic
def _save(request: MemberRequest, form: MatrixForm) -> None:
    seen = form.seen
    for member, levels in form.levels.items():
        known = {skill: level for skill, level in seen.get(member, {}).items() if skill in levels}
        skills.set_levels(member=member, levels=levels, seen=known, by=request.member, now=request.now)


@page(Can.PLAN_SPRINTS, Can.PLAN_SPRINTS)
def settings_skills(request: MemberRequest) -> HttpResponse:
    """The kinds of work of this team; with `usual` it begins with those of e-mail marketing."""
    if request.method == "POST" and "usual" in request.POST:
        skills.add_usual_skills(workspace=request.workspace, by=request.member, now=request.now)
        return redirect("sprints:settings_skills", workspace=request.workspace.slug)
    form = SkillForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            skills.add_skill(
                workspace=request.workspace, name=form.cleaned_data["name"], by=request.member, now=request.now
            )
            return redirect("sprints:settings_skills", workspace=request.workspace.slug)
    context = {"form": form, "skills": skills_of(request.workspace)}
    return render(request, "sprints/settings_skills.html", context, status=UNPROCESSABLE if form.errors else 200)


def _skill(request: MemberRequest, pk: int) -> Skill:
    return get_object_or_404(Skill.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)


@action(Can.PLAN_SPRINTS)
def skill_rename(request: MemberRequest, pk: int) -> HttpResponse:
    form = SkillForm(request.POST)
    if not form.is_valid():
        raise skills.SkillRefused(_("Give the skill a name of at most 40 letters."))
    skills.rename_skill(skill=_skill(request, pk), name=form.cleaned_data["name"], by=request.member, now=request.now)
    return redirect("sprints:settings_skills", workspace=request.workspace.slug)


@action(Can.PLAN_SPRINTS)
def skill_archive(request: MemberRequest, pk: int) -> HttpResponse:
    skill = _skill(request, pk)
    skills.archive_skill(skill=skill, by=request.member, now=request.now)
    messages.success(request, _("“%(skill)s” is asked for no more") % {"skill": skill})
    return redirect("sprints:settings_skills", workspace=request.workspace.slug)


@page(Can.EDIT_STORIES, Can.EDIT_STORIES)
def story_skills(request: MemberRequest, pk: int) -> HttpResponse:
    """How many of a story's points are work of which skill."""
    story = get_object_or_404(Story.objects.for_workspace(request.workspace).with_plan(), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = StorySkillsForm(data, story=story, skills=skills_of(request.workspace))
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            skills.set_story_points(story=story, points=form.points, by=request.member, now=request.now)
            messages.success(request, _("Points by skill saved"))
            return redirect("sprints:story_detail", workspace=request.workspace.slug, pk=pk)
    context = {"form": form, "story": story}
    return render(request, "sprints/story_skills.html", context, status=UNPROCESSABLE if form.errors else 200)
