"""Forms about segments."""

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.forms import SegmentForm
from audience.segments.as_text import LONGEST
from workspaces.forms import StyledForm


class RuleTextForm(StyledForm):
    """A rule as JSON."""

    definition = forms.CharField(
        label=_("Rule"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 24, "spellcheck": "false", "class": "code"}),
        help_text=_("As the API takes it. What is wrong is said with its place."),
    )


class NewRuleTextForm(SegmentForm, RuleTextForm):
    """A new segment with its rule as JSON."""

    field_order = ("name", "description", "definition")
