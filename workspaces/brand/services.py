"""Setting the brand, and what readers' pages and mails show of it."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from emailops.lib.errors import DomainError
from emailops.lib.signing import BadToken, Kind, seal, unseal
from workspaces.audit import record
from workspaces.brand.colours import HOUSE_COLOUR, Shades, shades
from workspaces.brand.logos import Logo
from workspaces.models import Brand, Member, Workspace

VERSION_LENGTH = 12  # of a SHA-256 in hexadecimal: tells apart what one workspace ever had


class BrandUnknown(DomainError):
    """The address leads to no brand, or to a logo that is gone."""

    code = "brand_unknown"
    status = 404


@dataclass(frozen=True, slots=True)
class BrandChange:
    """What is changed; None leaves it. `is_logo_gone` takes the logo away, unless a new one comes with it."""

    name: str | None = None
    colour: str | None = None
    logo: Logo | None = None
    is_logo_gone: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """A brand as templates show it. Addresses begin with a slash; the logo's measures are those it is shown in."""

    name: str
    colour: str
    style_address: str
    logo_address: str
    logo_width: int
    logo_height: int
    light: Shades

    @property
    def logo_url(self) -> str:
        """The logo's whole address, as mails need it."""
        return settings.BASE_URL + self.logo_address if self.logo_address else ""


@transaction.atomic
def change_brand(*, workspace: Workspace, change: BrandChange, by: Member, now: datetime) -> Brand:
    """Write what is changed. Changing nothing is not written down."""
    Workspace.objects.select_for_update().get(pk=workspace.pk)  # also where there is no row yet
    brand = brand_of(workspace)
    before = (brand.name, brand.colour, bytes(brand.logo or b""))
    _apply(brand, change)
    after = (brand.name, brand.colour, bytes(brand.logo or b""))
    changed = [name for name, old, new in zip(("name", "colour", "logo"), before, after, strict=True) if old != new]
    if changed:
        brand.version = hashlib.sha256(b"\0".join((brand.colour.encode(), after[2]))).hexdigest()[:VERSION_LENGTH]
        brand.save()
        record("workspace.brand_changed", brand, by=by, now=now, changed=changed)
    return brand


def _apply(brand: Brand, change: BrandChange) -> None:
    if change.name is not None:
        brand.name = "" if change.name.strip() == brand.workspace.name else change.name.strip()
    if change.colour is not None:
        brand.colour = "" if change.colour.lower() == HOUSE_COLOUR else change.colour.lower()
    if change.logo is not None:
        brand.logo, brand.logo_width, brand.logo_height = change.logo.png, change.logo.width, change.logo.height
    elif change.is_logo_gone:
        brand.logo, brand.logo_width, brand.logo_height = None, 0, 0


def brand_of(workspace: Workspace) -> Brand:
    """The workspace's brand, or an empty one that is not stored. One query."""
    found = Brand.objects.for_workspace(workspace).first()
    if found is not None:
        found.workspace = workspace
    return found or Brand(workspace=workspace)


def look_of(workspace: Workspace) -> Look:
    """What pages and mails of the workspace show. One query, which leaves the picture where it is."""
    found = Brand.objects.for_workspace(workspace).defer("logo").first() or Brand(workspace=workspace)
    token, version = seal(Kind.BRAND, workspace.pk), f"?v={found.version}"
    return Look(
        name=found.name or workspace.name,
        colour=found.colour,
        style_address=reverse("workspaces:brand_style", args=[token]) + version if found.colour else "",
        logo_address=reverse("workspaces:brand_logo", args=[token]) + version if found.logo_width else "",
        logo_width=found.logo_width // 2,
        logo_height=found.logo_height // 2,
        light=shades(found.colour or HOUSE_COLOUR, is_dark=False),
    )


def brand_behind(token: str) -> Brand:
    """The brand of a public address. Raises `BrandUnknown`, whatever is wrong."""
    try:
        (pk,) = unseal(Kind.BRAND, token)
    except (BadToken, ValueError) as error:
        raise _unknown() from error
    found = Brand.objects.filter(workspace_id=pk).first()
    if found is None:
        raise _unknown()
    return found


def logo_behind(token: str) -> Brand:
    """The same, where there is a logo."""
    brand = brand_behind(token)
    if not brand.logo:
        raise _unknown()
    return brand


def _unknown() -> BrandUnknown:
    return BrandUnknown(_("There is nothing at this address."))


def style_sheet(brand: Brand) -> str:
    """The brand's colour as the tokens that static/css/app.css is painted with, for both themes."""
    colour = brand.colour or HOUSE_COLOUR
    light, dark = shades(colour, is_dark=False), shades(colour, is_dark=True)
    tokens = {
        "accent": "solid", "accent-hover": "hover", "on-accent": "on_solid", "accent-ink": "ink",
        "accent-soft": "soft", "accent-line": "line",
    }  # fmt: skip
    lines = [f"--{name}:light-dark({getattr(light, of)},{getattr(dark, of)})" for name, of in tokens.items()]
    return f"@layer tokens{{.branded{{{';'.join(lines)}}}}}\n"
