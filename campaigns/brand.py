"""How a mail in the house layout looks: the one place that holds its colours, fonts and measures."""

from dataclasses import dataclass

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
    """A look, for readers who prefer light and for those who prefer dark."""

    light: Palette
    dark: Palette
    heading_font: str = SERIF
    text_font: str = SANS


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
"""Moss green on warm paper."""


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
