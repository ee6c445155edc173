"""One model's price as a form: dollars per million tokens, from a date, and what it is applied to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.domain.errors import InvalidRequest
from creditbook.pricing.repricing import Proposal
from creditbook.pricing.setting import PriceTerms
from creditbook.reports.finance.prices import ModelLine
from creditbook.ui import confirm, page
from creditbook.ui.format import esc, plural

from .price_models import in_words, shown

SET, KNOWN, GIVE_BACK = "A new price", "The price that is known", "Back to the list"


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form says. ``corrects`` tells whether booked usage is corrected too.

    ``proposal`` with terms is a price to be set; without, usage is corrected to what is known.
    """

    proposal: Proposal
    reason: str
    corrects: bool

    @property
    def sets(self) -> bool:
        """Whether a price is set or withdrawn."""
        return self.proposal.withdraws or self.proposal.terms is not None


def show(line: ModelLine, lines: Sequence[ModelLine], now: datetime, zone: ZoneInfo) -> Asked | None:
    """The form of one model; None while it can't be used yet."""
    with page.card("form", height="stretch"):
        page.head(esc(shown(line)), _note(line))
        if not line.name:
            return _assume(line, lines, zone)
        ways = [SET]
        if line.unpriced and line.rate is not None:
            ways = [KNOWN, SET]
        elif line.origin == "yours":
            ways = [SET, GIVE_BACK]
        way: str | None = SET
        if len(ways) > 1:
            way = st.segmented_control("What", ways, default=ways[0], required=True, key=f"way-{line.name}",
                                       label_visibility="collapsed")  # fmt: skip
        if way == KNOWN and line.rate is not None:
            page.muted(
                f"It costs {in_words(line.rate)} ({esc(line.rate.version)}): its usage came before that was known."
            )
            return _asked(line, None, line.name, _first(line, now, zone), corrects=True)
        terms = _terms(line) if way == SET else None
        since = _since(line, now, zone)
        source = _source(line) if way == SET else "withdrawn"
        corrects = bool(line.unpriced) or _corrects(line)
        if way == GIVE_BACK:
            return _asked(line, None, line.name, since, corrects=corrects, withdraws=True)
        return _asked(line, terms, line.name, since, corrects=corrects, source=source) if terms else None


def _note(line: ModelLine) -> str:
    used = f"{plural(line.requests, 'request')}"
    if line.unpriced:
        return f"{used}, :orange[{plural(line.unpriced, 'of them has', 'of them have')} no price]"
    return f"{used}. {in_words(line.rate)}" if line.rate else used


def _asked(
    line: ModelLine, terms: PriceTerms | None, model: str, since: date, *, corrects: bool, source: str = "",
    withdraws: bool = False, assumed: str = "",
) -> Asked | None:  # fmt: skip
    why = confirm.reason(f"why-{line.name}", placeholder="Why? It stands on every correction and in the audit log")
    proposal = Proposal(
        model=model, since=since, terms=terms, source=source or "set by hand", unpriced_only=bool(line.unpriced),
        assumed=assumed, withdraws=withdraws,
    )  # fmt: skip
    if terms is not None:
        try:
            terms.picos()
        except InvalidRequest as refusal:
            st.error(esc(str(refusal)), icon=":material/block:")
            return None
    return Asked(proposal, why, corrects)


def _terms(line: ModelLine) -> PriceTerms | None:
    """Dollars per million tokens; None while neither input nor output is given."""
    known = line.rate.per_million_tokens() if line.rate else {}
    left, right = st.columns(2, gap="small")
    given: dict[str, str | None] = {}
    for place, kind in ((left, "input"), (right, "output")):
        given[kind] = place.text_input(
            f"{kind.title()} \\$", placeholder=known.get(kind, "0.00"), key=f"{kind}-{line.name}", max_chars=20,
            help="Dollars per million tokens, at most six decimals. Empty: this model has none of it.",
        )  # fmt: skip
    with st.expander("Cached, cache write and reasoning", icon=":material/tune:"):
        page.muted("Empty: as dear as what they are part of.")
        for place, kind in zip(st.columns(3, gap="small"), ("cached", "cache_write", "reasoning"), strict=True):
            title = kind.replace("_", " ").capitalize()
            given[kind] = place.text_input(f"{title} \\$", key=f"{kind}-{line.name}", max_chars=20)
    said = {kind: (text or "").strip().lstrip("$") or None for kind, text in given.items()}
    if said["input"] is None and said["output"] is None:
        page.muted("Give the price of input or of output: what it changes stands below then.")
        return None
    return PriceTerms(**said)


def _since(line: ModelLine, now: datetime, zone: ZoneInfo) -> date:
    first = _first(line, now, zone)
    picked: date | None = st.date_input(
        "From day (UTC)", first, key=f"since-{line.name}", help="Prices are dated by UTC dates, for everyone alike"
    )
    return picked or first


def _first(line: ModelLine, now: datetime, zone: ZoneInfo) -> date:
    """The UTC date on which its unpriced usage may have begun; today's where all has a price."""
    if line.unpriced_since is None:
        return now.astimezone(UTC).date()
    return datetime.combine(line.unpriced_since, time(), zone).astimezone(UTC).date()


def _source(line: ModelLine) -> str:
    said = st.text_input("Where the price comes from", placeholder="The contract of 1 November", max_chars=80,
                         key=f"source-{line.name}")  # fmt: skip
    return (said or "").strip()


def _corrects(line: ModelLine) -> bool:
    return st.toggle(
        "Correct what is booked since that day too", key=f"corrects-{line.name}",
        help="Off: what is booked keeps its cost, and only new usage costs the new price",
    )  # fmt: skip


def _assume(line: ModelLine, lines: Sequence[ModelLine], zone: ZoneInfo) -> Asked | None:
    """Usage that names no model: it can only be priced as another one."""
    st.markdown("These requests did not say which model ran. Send `model` with each one; those that are booked can be "
                "priced as a model that you name.")  # fmt: skip
    known = [one.name for one in lines if one.name and one.rate is not None]
    model = st.selectbox("Price them as", known, None, key="assumed", placeholder="A model that has a price")
    if model is None:
        return None
    since = datetime.combine(line.unpriced_since or date(2000, 1, 2), time(), zone).astimezone(UTC).date()
    return _asked(line, None, "", since, corrects=True, assumed=model)
