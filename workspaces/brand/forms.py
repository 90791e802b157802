"""The form of the brand."""

from typing import Any

from django import forms
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from workspaces.brand.colours import HOUSE_COLOUR
from workspaces.brand.logos import Logo, LogoRefused, clean_logo
from workspaces.brand.services import BrandChange
from workspaces.forms import StyledForm
from workspaces.models import HEX_COLOUR, Brand


class BrandForm(StyledForm):
    """Name, colour, logo."""

    name = forms.CharField(label=_("Name"), max_length=120, help_text=_("As the people you write to know you."))
    colour = forms.CharField(
        label=_("Colour"),
        validators=[RegexValidator(HEX_COLOUR, _("Write it as #2f4fd6."))],
        widget=forms.TextInput(attrs={"type": "color", "class": "swatch"}),
        help_text=_("Of buttons and links. It is made darker or lighter where words could not be read on it."),
    )
    logo = forms.FileField(
        label=_("Logo"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=_("PNG, JPEG or WebP, up to 1 MB. It is made to fit into 240 by 80 pixels."),
    )
    is_logo_gone = forms.BooleanField(label=_("No logo"), required=False)

    def __init__(self, *args: Any, brand: Brand, **options: Any) -> None:
        first = {"name": brand.name or brand.workspace.name, "colour": brand.colour or HOUSE_COLOUR}
        super().__init__(*args, initial=first, **options)
        if not brand.logo_width:
            del self.fields["is_logo_gone"]

    def clean_logo(self) -> Logo | None:
        file = self.cleaned_data["logo"]
        try:
            return clean_logo(file) if file else None
        except LogoRefused as refusal:
            raise forms.ValidationError(str(refusal)) from refusal

    @property
    def change(self) -> BrandChange:
        return BrandChange(**self.cleaned_data)
