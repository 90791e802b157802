"""Documents to print and keep: headings, paragraphs, labelled lines and tables, in Latin and Cyrillic letters."""

from collections.abc import Iterable, Sequence

from django.conf import settings
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import FontFace

FONTS = settings.BASE_DIR / "static" / "fonts"
SUBSETS = ("latin", "cyrillic", "latin-ext", "cyrillic-ext")  # the letters of one typeface, in four files
REGULAR, BOLD = 400.0, 600.0
INK, SOFT, LINE = (28, 30, 38), (88, 92, 106), (222, 219, 211)
MARGIN = 18  # millimetres, on A4


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
            path = FONTS / f"onest-{subset}-wght-normal.woff2"
            self.add_font(subset, fname=path, variations={"wght": REGULAR})
            self.add_font(subset, style="B", fname=path, variations={"wght": BOLD})
        self.set_fallback_fonts(list(SUBSETS[1:]), exact_match=False)
        self.add_page()
        self.heading(title, size=17)

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        self.set_y(-MARGIN + 4)
        self._type(8, SOFT)
        self.cell(0, 5, f"{self._footer_text}   {self.page_no()}")

    def heading(self, words: str, *, size: int = 12) -> None:
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

    def rows(self, header: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]) -> None:
        """A table whose header stands again on each page. `widths` are proportions."""
        self._type(8, INK)
        self.set_draw_color(*LINE)
        head = FontFace(emphasis="BOLD", color=SOFT)
        layout = "HORIZONTAL_LINES"
        with self.table(col_widths=tuple(widths), borders_layout=layout, headings_style=head, line_height=4.2) as table:
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
