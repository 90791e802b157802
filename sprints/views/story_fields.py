"""Changing a story's fields, all of them on one page or one by one, while others do the same.

Each field is sent with the text it had when it was shown. Where somebody changed the same field meanwhile, the page
comes back with both values and a choice; nothing is lost and nothing is overwritten unseen.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from sprints.forms.stories import EditStoryForm
from sprints.models import Story
from sprints.services.story_fields import Conflict, FieldChanged, save_fields, text_of
from sprints.views.around import story_or_404, to_story
from workspaces.http import UNPROCESSABLE, MemberRequest, page, shown_on
from workspaces.permissions import Can

SEEN, KEEP, THEIRS, REASON = "seen_", "keep_", "theirs", "reason"
EDIT = Can.EDIT_STORIES


@page(EDIT, EDIT)
def story_edit(request: MemberRequest, pk: int) -> HttpResponse:
    """All own fields of a story."""
    return _edited(request, pk, "", "sprints/story_form.html")


@page(EDIT, EDIT)
def story_field(request: MemberRequest, pk: int, name: str) -> HttpResponse:
    """One field of a story; its page shows it in place of the value."""
    if name not in EditStoryForm.base_fields or name == REASON:
        raise Http404
    return _edited(request, pk, name, "sprints/story_field.html")


def _edited(request: MemberRequest, pk: int, name: str, template: str) -> HttpResponse:
    story = story_or_404(request, pk)
    form = _form(request, story, name)
    conflicts: list[Conflict] = []
    if request.method == "POST" and form.is_valid():
        with shown_on(form):
            conflicts = _save(request, story, form)
            if not conflicts:
                if not request.htmx:
                    messages.success(request, _("Story saved"))
                return to_story(request, pk)
    return _page(request, template, form, conflicts, {"story": story, "name": name})


def _form(request: MemberRequest, story: Story, name: str) -> EditStoryForm:
    """The form with all fields, or with one; a new estimate can be given a reason."""
    form = EditStoryForm(request.POST or None, instance=story, workspace=request.workspace)
    kept = {name, REASON} if name == "points" else {name}
    for other in [other for other in form.fields if name and other not in kept]:
        del form.fields[other]
    return form


def _save(request: MemberRequest, story: Story, form: EditStoryForm) -> list[Conflict]:
    """Save what was typed; a field of which somebody else's value was chosen stays as it is. Returns the conflicts."""
    kept = {name for name in form.fields if request.POST.get(KEEP + name) == THEIRS}
    values = {name: value for name, value in form.fields_written.items() if name not in kept}
    seen = {name: request.POST[SEEN + name] for name in values if SEEN + name in request.POST}
    try:
        save_fields(
            story=story,
            values=values,
            seen=seen,
            by=request.member,
            now=request.now,
            reason=form.cleaned_data.get(REASON, ""),
        )
    except FieldChanged as refusal:
        return refusal.conflicts
    return []


def _page(
    request: MemberRequest, template: str, form: EditStoryForm, conflicts: list[Conflict], context: dict[str, Any]
) -> HttpResponse:
    story: Story = context["story"]
    names = [name for name in form.fields if name != REASON]
    stale = {conflict.name for conflict in conflicts}
    context |= {
        "form": form,
        "conflicts": conflicts,
        "seen": [(SEEN + name, _seen(request, story, name, is_stale=name in stale)) for name in names],
    }
    status = 409 if conflicts else UNPROCESSABLE if form.errors else 200
    return render(request, template, context, status=status)


def _seen(request: MemberRequest, story: Story, name: str, *, is_stale: bool) -> str:
    """What the field was when it was shown: of a conflict the value of now, since that is what is shown now."""
    stands = text_of(getattr(story, name))
    return stands if is_stale else request.POST.get(SEEN + name, stands)
