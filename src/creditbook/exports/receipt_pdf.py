"""A receipt on paper."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

from fpdf.enums import XPos, YPos

from creditbook.access.values import Principal
from creditbook.domain.sales import PurchaseKind

from .amounts import money
from .datasets import zone_of
from .paper import WIDTH, Cell, Paper, Place
from .receipts import Receipt, number_words, percent
from .words import day_words

PLACES = (Place("What", 100), Place("Tokens", 34, "R"), Place("Amount", WIDTH - 134, "R"))
_BOUGHT = {PurchaseKind.PACKAGE: "Package", PurchaseKind.PLAN: "Plan", PurchaseKind.RENEWAL: "Renewal of the plan"}


def write(receipt: Receipt, who: Principal, path: Path) -> int:
    """Draw the receipt into a new file; the same receipt makes the same file. Returns 1, the receipts in it."""
    bought, zone = receipt.purchase, ZoneInfo(zone_of(who))
    number = number_words(receipt)
    paper = Paper(f"Receipt {number}", f"Receipt {number}", f"{who.org_name} · receipt {number}", receipt.issued_at)
    paper.say(who.org_name, 10, grey=True, gap=1)
    paper.say(f"Receipt {number}", 18, bold=True, gap=3)
    _facts(paper, receipt, who, zone)
    paper.heading(PLACES)
    tokens = f"{bought.tokens:,}" if bought.tokens else ""
    net = bought.price_minor - bought.tax_minor
    kind = _BOUGHT[bought.kind]
    paper.line_of(PLACES, (Cell(bought.title or bought.item, kind), Cell(tokens), Cell(money(net, bought.currency))))
    if bought.tax_minor or bought.tax_label:
        paper.line_of(PLACES, (Cell(_tax(receipt)), Cell(""), Cell(money(bought.tax_minor, bought.currency))))
    paper.line_of(PLACES, (Cell("Paid"), Cell(""), Cell(money(bought.price_minor, bought.currency))), bold=True)
    paper.ln(3)
    if bought.tax_minor:
        how = "The price includes" if bought.tax_inclusive else "Added to the price:"
        paper.say(f"{how} {_tax(receipt)}, rounded once to the smallest coin.", 8, grey=True)
    paper.output(str(path))
    return 1


def _facts(paper: Paper, receipt: Receipt, who: Principal, zone: ZoneInfo) -> None:
    bought = receipt.purchase
    paid = (bought.paid_at or receipt.issued_at).astimezone(zone)
    by = bought.provider or "manual"
    facts = (
        ("Buyer", who.named(receipt.account)),
        ("Paid on", f"{day_words(paid.date())}, {paid:%H:%M} ({zone.key})"),
        ("Paid by", f"{by} · {bought.provider_payment}" if bought.provider_payment else by),
        ("Issued on", day_words(receipt.issued_at.astimezone(zone).date())),
        ("Purchase", str(bought.purchase_id)),
    )
    for name, value in facts:
        paper.ink(8.5, grey=True)
        paper.cell(28, 5, name)
        paper.ink(8.5)
        paper.cell(0, 5, paper.fit(value, WIDTH - 30), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(4)


def _tax(receipt: Receipt) -> str:
    """``GST 18%``, from the rate that was frozen when the purchase was opened."""
    bought = receipt.purchase
    return f"{bought.tax_label or 'Tax'} {percent(bought.tax_rate)}".strip()
