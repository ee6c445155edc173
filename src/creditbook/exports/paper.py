"""A4 sheets: the fonts that come with us, a heading on every page, "page n of m", and tables that go on.

Every name is shaped (HarfBuzz), so that Thai and Devanagari read as they are written; a sign that no font of ours has
becomes � rather than nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

FONTS = Path(__file__).with_name("fonts")
FURTHER = {"thai": "NotoSansThai", "deva": "NotoSansDevanagari"}
INK, GREY, LINE, FILL = (28, 43, 80), (92, 100, 112), (208, 213, 222), (244, 246, 250)
MARGIN = 16.0
WIDTH = 210 - 2 * MARGIN

Align = Literal["L", "R", "C"]


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in one place of a table: a line, and a smaller grey one beneath it."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A column of a table: its heading, its width in millimetres, its side."""

    heading: str
    width: float
    align: Align = "L"


class Paper(FPDF):
    """A document of ours. ``running`` stands small at the head of every page but the first, ``foot`` below them all."""

    def __init__(self, title: str, running: str, foot: str, made_at: datetime) -> None:
        super().__init__(format="A4")
        self.running, self.foot = running, foot
        self.set_margins(MARGIN, 18, MARGIN)
        self.set_auto_page_break(auto=True, margin=20)
        self.set_title(title)
        self.set_creator("Creditbook")
        self.set_creation_date(made_at)
        self.set_lang("en")
        for style, weight in (("", "Regular"), ("B", "Bold")):
            self.add_font("sans", style, FONTS / f"NotoSans-{weight}.ttf")
            for family, file in FURTHER.items():
                self.add_font(family, style, FONTS / f"{file}-{weight}.ttf")
        self.set_fallback_fonts(list(FURTHER), exact_match=True)
        self.add_page()

    def header(self) -> None:
        """Drawn by fpdf2 at the top of every page."""
        if self.page_no() > 1:
            self.ink(7.5, grey=True)
            self.set_y(10)
            self.cell(0, 4, self.fit(self.running, WIDTH), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
            self.set_y(18)

    def footer(self) -> None:
        """Drawn by fpdf2 at the bottom of every page."""
        self.set_y(-14)
        self.ink(7.5, grey=True)
        self.put(WIDTH - 30, 4, self.foot)
        self.ink(7.5, grey=True)
        self.set_text_shaping(False)
        self.cell(30, 4, f"Page {self.page_no()} of {{nb}}", align="R")

    def ink(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        """The type to write on with, in points."""
        self.set_font("sans", "B" if bold else "", size)
        # fpdf2 takes a font for set that a text beginning in a fallback font has set for itself alone.
        if self.current_font is not None and self.page:
            self._out(self._set_font_for_page(self.current_font, self.font_size_pt))
        self.set_text_color(*(GREY if grey else INK))

    def fit(self, text: str, width: float) -> str:
        """The text on one line, cut with … where it is wider than this; signs that no font has become �."""
        text = drawable(" ".join(text.split()))
        self.shape(text)
        if self.get_string_width(text) <= width:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.get_string_width(text[:middle].rstrip() + "…") <= width:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…"

    def shape(self, text: str) -> None:
        """Switch shaping on for scripts that need it; for all others it only takes time, ten times as much."""
        self.set_text_shaping(any(0x0590 <= ord(one) < 0x2000 or ord(one) >= 0x2E80 for one in text))

    def put(self, width: float, high: float, text: str, align: Align = "L") -> None:
        """A text on one line in a place of this size, cut where it is wider."""
        shown = self.fit(text, width - 2) if width else drawable(text)
        self.cell(width, high, shown, align=align)

    def say(self, text: str, size: float, *, bold: bool = False, grey: bool = False, gap: float = 0) -> None:
        """A paragraph over the whole width, as many lines as it needs."""
        self.ink(size, bold=bold, grey=grey)
        self.shape(text)
        self.multi_cell(0, size * 0.5, drawable(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(gap)

    def heading(self, places: Sequence[Place]) -> None:
        """The heading of a table."""
        self.ink(7.5, grey=True)
        for place in places:
            self.put(place.width, 5, place.heading, place.align)
        self.ln(5)
        self.rule()

    def rule(self) -> None:
        """A thin line across the page."""
        self.set_draw_color(*LINE)
        self.set_line_width(0.2)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())

    def line_of(self, places: Sequence[Place], cells: Sequence[Cell], *, bold: bool = False) -> None:
        """One line of a table, on the next page with its heading where it no longer fits."""
        high = 8.4 if any(cell.note for cell in cells) else 5.2
        if self.will_page_break(high):
            self.add_page()
            self.heading(places)
        top = self.get_y() + 0.6
        left = MARGIN
        for place, cell in zip(places, cells, strict=True):
            if cell.text:
                self.set_xy(left, top)
                self.ink(8, bold=bold)
                self.put(place.width, 4, cell.text, place.align)
            if cell.note:
                self.set_xy(left, top + 3.7)
                self.ink(6.5, grey=True)
                self.put(place.width, 3.2, cell.note, place.align)
            left += place.width
        self.set_xy(MARGIN, top + high - 0.6)
        self.rule()


@cache
def _signs() -> frozenset[int]:
    """Every sign that one of the fonts has."""
    found: set[int] = set()
    for file in ("NotoSans", *FURTHER.values()):
        with TTFont(FONTS / f"{file}-Regular.ttf", lazy=True) as font:
            found.update(font.getBestCmap())
    return frozenset(found)


def drawable(text: str) -> str:
    """The text with � for every sign that no font here has: a shorter name is taken for the whole."""
    has = _signs()
    return "".join(one if ord(one) in has or one in "\n" else "" if one in _INVISIBLE else BOX for one in text)


BOX = "\ufffd"
_INVISIBLE = "\ufe0f\u200b\ufeff"
