"""The balance in every page's header, live."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from creditbook.access.values import Principal
from creditbook.domain.balance import Balance
from creditbook.domain.program import Unit
from creditbook.domain.units import MINUS, amount
from creditbook.installation import installation
from creditbook.reports.standing import Standing, standing

from .format import DASH, full, short
from .kinds import wallet_icon, wallet_name
from .page import esc, muted, row
from .reading import Unread, read
from .session import require

REFRESH = "5s"
_SEEN = "balance-seen"


def now_of(who: Principal) -> Standing | Unread:
    """The person's account as it stands this moment."""
    place = installation()
    return read(lambda: standing(place.store, place.ledger.core.batches, who, place.clock()))


@st.fragment(run_every=REFRESH)
def chip() -> None:
    """What is available, at the right of the header; when it changes, the page around it is drawn anew."""
    who = require()
    if who.account_id is None:
        return
    found = now_of(who)
    if isinstance(found, Unread):
        with st.popover(f"**{DASH}**", icon=":material/account_balance_wallet:", help="Not known right now"):
            muted(f"The balance could not be read. Nothing was charged. Reference {found.reference}.")
        return
    seen = (who.account_id, found.balance.available, found.balance.held, found.balance.status)
    context = get_script_run_ctx()
    alone = context is not None and bool(context.fragment_ids_this_run)
    changed = alone and st.session_state.get(_SEEN) not in (None, seen)
    st.session_state[_SEEN] = seen
    if changed:
        st.rerun()
    _popover(found)


def _popover(found: Standing) -> None:
    balance, unit = found.balance, found.program.unit
    label = _label(balance.available, unit)
    with st.popover(
        label, icon=":material/account_balance_wallet:", help=_hover(balance.available), key="balance-chip"
    ):
        for name, value in _sum(balance):
            with row(horizontal_alignment="distribute"):
                st.markdown(name, width="content")
                st.markdown(value, width="content")
        if balance.debt:
            muted(f":material/balance: {full(balance.debt)} tokens of debt stand beside it")
        if balance.pending:
            muted(":material/schedule: Counted as if what is due were written already")


def _label(available: int | None, unit: Unit) -> str:
    if available is None:
        return "**Unlimited**"
    if unit.tokens_per_credit == 1:
        shown = full(available) if available < 10_000_000 else short(available)
        return f"**{shown}** {unit.singular if available == 1 else unit.plural}"
    number, _, word = amount(available, unit).partition(" ")
    return f"**{number}** {word} :gray[· {short(available)} tokens]"


def _hover(available: int | None) -> str:
    return "Nothing is counted under an unlimited plan" if available is None else f"{full(available)} tokens available"


def _sum(balance: Balance) -> list[tuple[str, str]]:
    """Wallets − held − blocked + the team's = available: a sum that adds up."""
    lines = [
        (f"{wallet_icon(w.type)} {esc(wallet_name(w.type, w.label))}", full(w.posted))
        for w in balance.wallets
        if w.posted or w.allowance or len(balance.wallets) <= 6
    ]
    if balance.held:
        lines.append((":gray[Held by running jobs]", f":gray[{MINUS}{full(balance.held)}]"))
    if balance.blocked:
        lines.append((":gray[Blocked]", f":gray[{MINUS}{full(balance.blocked)}]"))
    if balance.from_pool:
        lines.append((":material/groups: From the team", full(balance.from_pool)))
    available = "Unlimited" if balance.available is None else full(balance.available)
    return [*lines, ("**Available**", f"**{available}**")]
