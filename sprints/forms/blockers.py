"""Forms of blockers."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from sprints.models import Blocker, Story
from sprints.services.blockers import LONGEST_REASON
from workspaces.forms import StyledForm
from workspaces.models import Member


class BlockerForm(StyledForm):
    """What is in a story's way, and who clears it."""

    reason = forms.CharField(
        label=_("What is in the way?"),
        max_length=LONGEST_REASON,
        help_text=_("Shown on the board until it is cleared."),
    )
    owner = forms.ModelChoiceField(
        label=_("Who clears it?"), queryset=Member.objects.none(), required=False, empty_label=_("Whoever works on it")
    )

    def __init__(self, *args: Any, story: Story, blocker: Blocker | None = None, **kwargs: Any) -> None:
        if blocker is not None:
            kwargs["initial"] = {"reason": blocker.reason, "owner": blocker.owner_id}
        super().__init__(*args, **kwargs)
        people = Q(left_at=None) | Q(pk=blocker.owner_id if blocker else None)
        members = Member.objects.for_workspace(story.workspace).filter(people).select_related("user")
        self.fields["owner"].queryset = members.order_by("user__name", "pk")  # type: ignore[attr-defined]
