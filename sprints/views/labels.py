"""Labels: those of a story, and the list of the workspace."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from sprints.forms.talk import LabelForm, LabelsForm, MergeForm
from sprints.models import Label, LabelTone
from sprints.services import labels
from sprints.services.labels import LabelRefused
from sprints.views.around import story_or_404, to_story
from workspaces.http import UNPROCESSABLE, MemberRequest, action, page, shown_on
from workspaces.permissions import Can

EDIT = Can.EDIT_STORIES


@action(EDIT)
def story_labels(request: MemberRequest, pk: int) -> HttpResponse:
    """Say which labels a story has, new ones among them."""
    story, form = story_or_404(request, pk), LabelsForm(request.POST, workspace=request.workspace)
    if not form.is_valid():
        raise LabelRefused(_("Choose labels of this workspace, and short names for new ones."))
    chosen, new = form.cleaned_data["labels"], form.new_names
    labels.set_labels(story=story, labels=chosen, new=new, by=request.member, now=request.now)
    return to_story(request, pk, "labels")


@page(EDIT, EDIT)
def settings_labels(request: MemberRequest) -> HttpResponse:
    """All labels with the number of stories that have them, and a new one."""
    form = LabelForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            name, tone = form.cleaned_data["name"], LabelTone(form.cleaned_data["tone"])
            labels.make_label(workspace=request.workspace, name=name, tone=tone, by=request.member, now=request.now)
            messages.success(request, _("Label saved"))
            return redirect(request.path)
    context = {"form": form, "labels": labels.labels_with_counts(request.workspace)}
    return render(request, "sprints/settings_labels.html", context, status=UNPROCESSABLE if form.errors else 200)


def _label(request: MemberRequest, pk: int) -> Label:
    return get_object_or_404(Label.objects.for_workspace(request.workspace).select_related("workspace"), pk=pk)


def _to_labels(request: MemberRequest) -> HttpResponse:
    return redirect("sprints:settings_labels", workspace=request.workspace.slug)


@page(EDIT, EDIT)
def label_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Another name or colour."""
    label = _label(request, pk)
    form = LabelForm(request.POST or None, initial={"name": label.name, "tone": label.tone})
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            name, tone = form.cleaned_data["name"], LabelTone(form.cleaned_data["tone"])
            labels.change_label(label=label, name=name, tone=tone, by=request.member, now=request.now)
            messages.success(request, _("Label saved"))
            return _to_labels(request)
    context = {"form": form, "label": label}
    return render(request, "sprints/label_edit.html", context, status=UNPROCESSABLE if form.errors else 200)


@page(EDIT, EDIT)
def label_remove(request: MemberRequest, pk: int) -> HttpResponse:
    """Merge a label into another one, or delete it: first how many stories it is about, then the deed."""
    label = _label(request, pk)
    form = MergeForm(request.POST if request.method == "POST" else None, label=label)
    if request.method == "POST" and form.is_valid():
        _said(request, label, form.cleaned_data["into"])
        return _to_labels(request)
    context = {"form": form, "label": label, "stories": label.stories.filter(dropped_at=None).order_by("-number")}
    return render(request, "sprints/label_remove.html", context, status=UNPROCESSABLE if form.errors else 200)


def _said(request: MemberRequest, label: Label, into: Label | None) -> None:
    """Merge or delete, and say to how many stories that was done."""
    by, now, name = request.member, request.now, label.name
    if into is not None:
        count = labels.merge_labels(label=label, into=into, by=by, now=now)
        words = ngettext(
            "“%(name)s” is now “%(into)s”, on %(count)d story",
            "“%(name)s” is now “%(into)s”, on %(count)d stories",
            count,
        )
    else:
        count = labels.delete_label(label=label, by=by, now=now)
        words = ngettext(
            "“%(name)s” is deleted; it was on %(count)d story",
            "“%(name)s” is deleted; it was on %(count)d stories",
            count,
        )
    messages.success(request, words % {"name": name, "into": into, "count": count})
