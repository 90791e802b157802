"""Documents to print and keep: headings, paragraphs, labelled lines and tables, in Latin and Cyrillic letters."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

FONTS = settings.BASE_DIR / "static" / "fonts"
SUBSETS = ("latin", "cyrillic", "latin-ext", "cyrillic-ext")  # the letters of one typeface, in four files
REGULAR, BOLD = 400, 600
INK, SOFT, LINE = (28, 30, 38), (88, 92, 106), (222, 219, 211)
MARGIN = 18  # millimetres, on A4
HEADING_ROOM = 34  # millimetres: a heading, the header of a table and a row of three lines
TILE_HEIGHT, TILE_PADDING = 22, 3.5  # millimetres


def _font(subset: str, weight: int) -> Path:
    """One weight of the typeface as a file of its own, made once: a document needs eight, half a second each."""
    made = settings.VAR_DIR / "fonts" / f"onest-{subset}-{weight}.ttf"
    if not made.exists():
        made.parent.mkdir(parents=True, exist_ok=True)
        font = instantiateVariableFont(TTFont(FONTS / f"onest-{subset}-wght-normal.woff2"), {"wght": weight})
        font.flavor = None
        with NamedTemporaryFile(dir=made.parent, suffix=".ttf", delete=False) as file:
            font.save(file)
        Path(file.name).replace(made)  # at once: another process may be looking for it
    return made


class Document(FPDF):
    """A document on A4 with page numbers. `footer_text` stands at the bottom of every page."""

    def __init__(self, title: str, *, language: str, footer_text: str) -> None:
        super().__init__(format="A4")
        self._footer_text = footer_text
        self.set_title(title)
        self.set_lang(language)
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=MARGIN)
        for subset in SUBSETS:
            self.add_font(subset, fname=_font(subset, REGULAR))
            self.add_font(subset, style="B", fname=_font(subset, BOLD))
        self.set_fallback_fonts(list(SUBSETS[1:]), exact_match=False)
        self.add_page()
        self.heading(title, size=17)

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        self.set_y(-MARGIN + 4)
        self._type(8, SOFT)
        self.cell(0, 5, f"{self._footer_text}   {self.page_no()}")

    def heading(self, words: str, *, size: int = 12) -> None:
        """A heading, on a new page where nothing of what it is about would fit beneath it."""
        if self.will_page_break(HEADING_ROOM):
            self.add_page()
        self.ln(3)
        self._type(size, INK, bold=True)
        self._lines(words, size * 0.5)
        self.ln(1.5)

    def paragraph(self, words: str, *, soft: bool = False) -> None:
        self._type(9.5, SOFT if soft else INK)
        self._lines(words, 5)
        self.ln(1)

    def facts(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Lines of a label and what it is."""
        for label, words in pairs:
            self._type(9.5, SOFT)
            self.cell(52, 5, label)
            self._type(9.5, INK)
            self._lines(words or "–", 5)
        self.ln(1)

    def tiles(self, tiles: Sequence[tuple[str, str, str]]) -> None:
        """Figures beside each other: what it is, the figure, and a note beneath; what is too wide gets smaller."""
        width, top = self.epw / len(tiles), self.get_y() + 2
        self.set_draw_color(*LINE)
        for place, (label, value, note) in enumerate(tiles):
            left = self.l_margin + place * width
            self.rect(left, top, width, TILE_HEIGHT)
            for down, size, colour, words in ((3, 8, SOFT, label), (8, 15, INK, value), (15.5, 8, SOFT, note)):
                self.set_xy(left + TILE_PADDING, top + down)
                self._type_fitting(words, size, colour, width - 2 * TILE_PADDING)
                self.cell(width - 2 * TILE_PADDING, 4, words)
        self.set_xy(self.l_margin, top + TILE_HEIGHT + 3)

    def _type_fitting(self, words: str, size: float, colour: tuple[int, int, int], width: float) -> None:
        is_figure = colour == INK
        self._type(size, colour, bold=is_figure)
        if self.get_string_width(words) > width:
            self._type(size * width / self.get_string_width(words), colour, bold=is_figure)

    def rows(self, header: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
        """A table whose header stands again on each page. `widths` are proportions."""
        self._type(8, INK)
        self.set_draw_color(*LINE)
        head = FontFace(emphasis="BOLD", color=SOFT)
        with self.table(
            col_widths=tuple(widths),
            borders_layout="HORIZONTAL_LINES",
            headings_style=head,
            line_height=4.2,
            text_align="LEFT",  # justified, narrow columns tear
            v_align="TOP",
            padding=(1.1, 2, 1.1, 0),
        ) as table:
            for cells in (header, *rows):
                line = table.row()
                for cell in cells:
                    line.cell(cell)
        self.ln(2)

    def made(self) -> bytes:
        return bytes(self.output())

    def _lines(self, words: str, height: float) -> None:
        self.multi_cell(0, height, words, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _type(self, size: float, colour: tuple[int, int, int], *, bold: bool = False) -> None:
        self.set_font(SUBSETS[0], "B" if bold else "", size)
        self.set_text_color(*colour)
