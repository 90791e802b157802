"""How a mail in the house layout looks: the one place that holds its colours, fonts and measures."""

from dataclasses import dataclass, replace

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from workspaces.brand.colours import INK, WHITE, contrast, shades
from workspaces.brand.services import look_of
from workspaces.models import Workspace

SERIF = "Georgia,'Times New Roman',serif"
SANS = "-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
MONO = "Menlo,Consolas,monospace"


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb. Text keeps a contrast of 4.5:1: `ink`, `soft`, `accent` on `sheet`; `note` on `ground`."""

    ground: str
    sheet: str
    line: str
    ink: str
    soft: str
    note: str
    accent: str
    on_accent: str


@dataclass(frozen=True, slots=True)
class Brand:
    """A look, for readers who prefer light and for those who prefer dark.

    `logo_url` is a whole address, empty for none; the measures are those it is shown in. Without `name` the workspace's
    own stands at the head.
    """

    light: Palette
    dark: Palette
    heading_font: str = SERIF
    text_font: str = SANS
    name: str = ""
    logo_url: str = ""
    logo_width: int = 0
    logo_height: int = 0

    @property
    def name_in_mail(self) -> SafeString:
        """The name as HTML that no Liquid can be read out of."""
        return mark_safe(escape(self.name).replace("{", "&#123;"))  # noqa: S308  escaped here


MOSS = Brand(
    light=Palette(
        ground="#f3f1ec", sheet="#ffffff", line="#e4e0d6", ink="#22251f", soft="#565c50", note="#63675d",
        accent="#2f4a3a", on_accent="#ffffff",
    ),
    dark=Palette(
        ground="#12150f", sheet="#1d211a", line="#343a2f", ink="#eceee8", soft="#b9bfb1", note="#a0a699",
        accent="#b4d0bd", on_accent="#16241b",
    ),
)  # fmt: skip
"""Moss green on warm paper: the look of a workspace that has chosen no colour."""


def brand_for(workspace: Workspace) -> Brand:
    """How a new mail of the workspace looks: its colour, name and logo where it has them. One query."""
    look = look_of(workspace)
    own = replace(MOSS, logo_url=look.logo_url, logo_width=look.logo_width, logo_height=look.logo_height)
    own = replace(own, name=look.name if look.name != workspace.name else "")
    if not look.colour:
        return own
    light, dark = (
        _in_colour(palette, look.colour, is_dark=palette is MOSS.dark) for palette in (MOSS.light, MOSS.dark)
    )
    return replace(own, light=light, dark=dark)


def _in_colour(palette: Palette, colour: str, *, is_dark: bool) -> Palette:
    """The palette with links and buttons in this colour, as near to it as words can be read in it."""
    accent = shades(colour, is_dark=is_dark).ink
    words = max((WHITE, INK), key=lambda candidate: contrast(candidate, accent))
    return replace(palette, accent=accent, on_accent=words)


def element_styles(brand: Brand) -> dict[str, str]:
    """The inline style of each element of a text, by tag: some clients drop every style sheet."""
    light = brand.light
    heading = f"font-family:{brand.heading_font};font-weight:normal;color:{light.ink}"
    cell = f"padding:10px 16px 10px 0;border-bottom:1px solid {light.line};vertical-align:top"
    return {
        "h1": f"margin:0 0 20px;{heading};font-size:30px;line-height:38px",
        "h2": f"margin:36px 0 12px;{heading};font-size:22px;line-height:30px",
        "h3": "margin:28px 0 8px;font-size:16px;line-height:26px",
        "p": "margin:0 0 18px",
        "ul": "margin:0 0 18px;padding:0 0 0 22px",
        "ol": "margin:0 0 18px;padding:0 0 0 22px",
        "li": "margin:0 0 6px",
        "a": f"color:{light.accent};text-decoration:underline",
        "img": "display:block;max-width:100%;height:auto;border:0;border-radius:10px",
        "blockquote": (
            f"margin:0 0 18px;padding:2px 0 2px 20px;border-left:3px solid {light.line};"
            f"font-family:{brand.heading_font};font-size:19px;line-height:29px;color:{light.soft}"
        ),
        "blockquote p": "margin:0 0 4px",
        "hr": f"margin:32px 0;border:0;border-top:1px solid {light.line}",
        "table": "width:100%;margin:0 0 18px;border-collapse:collapse",
        "th": f"{cell};text-align:left;font-size:14px;color:{light.soft}",
        "td": cell,
        "code": f"font-family:{MONO};font-size:15px",
    }
