"""Forms of the pages about web sites."""

from django import forms
from django.utils.translation import gettext_lazy as _

from audience.models import Site
from audience.services.sites import SiteDetails
from workspaces.forms import StyledForm


class SiteForm(StyledForm):
    """A web site that reports."""

    name = forms.CharField(label=_("Name"), max_length=120)
    origins = forms.CharField(
        label=_("Addresses"),
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, as in https://shop.example. Only pages at these addresses can report."),
    )
    counts_pages = forms.BooleanField(label=_("Count page views too"), required=False)
    is_on = forms.BooleanField(label=_("Take what the site reports"), required=False, initial=True)

    @property
    def details(self) -> SiteDetails:
        data = self.cleaned_data
        return SiteDetails(data["name"], data["origins"].split(), data["counts_pages"], data["is_on"])


def values_of(site: Site) -> dict[str, object]:
    """What a form about a site begins with."""
    return {
        "name": site.name,
        "origins": "\n".join(site.origins),
        "counts_pages": site.counts_pages,
        "is_on": site.is_on,
    }
