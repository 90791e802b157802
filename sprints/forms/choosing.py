"""Choosing several stories out of thousands: those that come next as boxes, the others found by words or number."""

from collections.abc import Iterable
from typing import Any, Self

from django import forms
from django.db.models import Q
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from sprints.models import Sprint, Story, StoryQuerySet
from sprints.services.poker.sessions import stories_to_estimate
from workspaces.forms import StyledForm
from workspaces.models import Workspace

MOST_SHOWN = 60
LONGEST_NUMBER = 9
FIND = "find_stories"
"""The name of the button that looks for stories; nothing else happens then."""


class StoriesField(forms.ModelMultipleChoiceField[Story]):
    """Stories as boxes, each with where it stands and its estimate."""

    def label_from_instance(self, obj: Story) -> str:
        where = _("sprint %(number)d") % {"number": obj.sprint.number} if obj.sprint else _("backlog")
        estimate = _("no estimate yet")
        if obj.points is not None:
            estimate = ngettext("%(count)d point", "%(count)d points", obj.points) % {"count": obj.points}
        return f"{obj.number}: {obj} ({where}, {estimate})"


class ChooseStoriesForm(StyledForm):
    """Stories that shall be estimated; `exclude` are those in the session already.

    Every story that can be estimated may be sent; shown are the chosen ones and the first that `find` fits.
    """

    find = forms.CharField(
        label=gettext_lazy("Find stories"),
        max_length=160,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off", "type": "search"}),
        help_text=gettext_lazy("Words of the title, or #12. What you ticked stays ticked."),
    )
    stories = StoriesField(
        label=gettext_lazy("Stories"), queryset=Story.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, workspace: Workspace, exclude: Iterable[int] = (), sprint: Sprint | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        found = stories_to_estimate(workspace).exclude(pk__in=exclude)
        field: Any = self.fields["stories"]
        field.queryset = found.filter(sprint=sprint) if sprint else found
        shown, self.rest = self._shown(field.queryset)
        field.widget.choices = [(story.pk, field.label_from_instance(story)) for story in shown]

    @classmethod
    def kept(cls, data: QueryDict, **kwargs: Any) -> Self:
        """The form as it was filled in, to go on with; nothing of it is checked."""
        filled = cls(data, **kwargs)
        return cls(initial={name: filled[name].value() for name in filled.fields}, **kwargs)

    def _shown(self, stories: StoryQuerySet) -> tuple[list[Story], int]:
        """The stories offered, and how many more fit. Two queries."""
        chosen = [int(pk) for pk in self["stories"].value() or [] if str(pk).isdecimal()]
        fitting = stories.filter(_fits((self["find"].value() or "").strip()))
        first = list(fitting.values_list("pk", flat=True)[:MOST_SHOWN])
        rest = fitting.count() - len(first) if len(first) == MOST_SHOWN else 0
        return list(stories.filter(pk__in={*first, *chosen})), rest


def _fits(text: str) -> Q:
    number = text.removeprefix("#")
    if number.isdecimal() and len(number) <= LONGEST_NUMBER:
        return Q(number=int(number)) | Q(title__icontains=text)
    return Q(title__icontains=text) if text else Q()
