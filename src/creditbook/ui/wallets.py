"""Wallets drawn: what is left in each, which grant burns next, what time will bring and take."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from creditbook.domain.balance import WalletBalance
from creditbook.domain.burning import NEVER
from creditbook.domain.program import WALLET_RANK, WalletType
from creditbook.reports.standing import Coming, GrantLeft, Standing

from . import tables
from .format import countdown, esc, full, instant, plural, signed, tone, zone_mark
from .kinds import CLASSES, kind_icon, kind_name, wallet_icon, wallet_name
from .page import card, head, muted, numbers


def strip(now: datetime, found: Standing, zone: ZoneInfo, *, key: str = "wallets") -> None:
    """All wallets in the order in which they are spent, each with a bar coloured by what is left."""
    shown = in_order(found)
    with card(key):
        head("Wallets", "Spent from left to right. An empty one stands where its next tokens will be spent.")
        if not shown:
            muted("This account has no wallet of its own.")
            return
        grid = st.grid(min(5, max(3, len(shown))), min_column_width=140, gap=("small", "small"))
        for wallet in shown:
            with grid.cell():
                _pocket(now, wallet, [g for g in found.left if g.wallet_id == wallet.wallet_id], zone, key)


def in_order(found: Standing) -> list[WalletBalance]:
    """Wallets as rule 7 spends them, each by its first grant; an empty one by the grant that its refill would bring."""
    first = {grant.wallet_id: grant for grant in reversed(found.left)}
    places = {grant.grant_id: place for place, grant in enumerate(found.left)}

    def order(wallet: WalletBalance) -> tuple[object, ...]:
        grant = first.get(wallet.wallet_id)
        ends = grant.expires_at if grant is not None else wallet.next_reset or wallet.expires_at
        place = places[grant.grant_id] if grant is not None else len(places)
        return (wallet.features is None, ends or NEVER, WALLET_RANK[WalletType(wallet.type)], place, wallet.wallet_id)

    return sorted(found.balance.wallets, key=order)


def _pocket(now: datetime, wallet: WalletBalance, left: Sequence[GrantLeft], zone: ZoneInfo, key: str) -> None:
    posted = wallet.posted
    of = max(wallet.allowance or sum(g.amount for g in left), posted)
    with st.container(key=f"{tone(posted, of)}-{key}-{wallet.wallet_id}", gap="xsmall"):
        only = f" · only {esc(', '.join(sorted(wallet.features)).replace('_', ' '))}" if wallet.features else ""
        muted(f"{wallet_icon(wallet.type)} {esc(wallet_name(wallet.type, wallet.label))}{only}")
        beside = f":small[:gray[of {full(of)}]]" if of else ""
        st.markdown(f"**{full(posted)}** {beside}" if posted else f":gray[0] {beside}")
        st.progress(posted / of if of else 0.0)
        muted(_fate(now, wallet, left, zone))


def _fate(now: datetime, wallet: WalletBalance, left: Sequence[GrantLeft], zone: ZoneInfo) -> str:
    """What becomes of the wallet next."""
    ends = [g.expires_at for g in left if g.expires_at is not None]
    if not wallet.is_active:
        return ":orange[switched off: blocked, not reset]"
    if wallet.next_reset is not None:
        return f"refills {_when(now, wallet.next_reset, zone)}"
    if not wallet.posted:
        return "used up" if left or wallet.allowance else "empty"
    if ends:
        return f"{'some expires' if len(left) > 1 else 'expires'} {_when(now, min(ends), zone)}"
    return "never expires"


def _when(now: datetime, at: datetime, zone: ZoneInfo) -> str:
    local = at.astimezone(zone)
    if (at - now).days < 1:
        return countdown(at, now)
    return f"{local.day} {local:%b}" + ("" if local.year == now.astimezone(zone).year else f" {local.year}")


def burns_next(found: Standing, zone: ZoneInfo) -> None:
    """Every grant with something left, in the order in which it will be spent."""
    with card("burns-next"):
        spendable = [g for g in found.left if g.spendable]
        note = f"{plural(len(spendable), 'grant')} to spend from, the first one first"
        head("What burns next", note if found.left else "Nothing is left to burn.")
        if not found.left:
            return
        order = {g.grant_id: place for place, g in enumerate(spendable, 1)}
        frame = pd.DataFrame(
            {
                "next": pd.array([order.get(g.grant_id) for g in found.left], dtype="Int64"),
                "wallet": [_where(g) for g in found.left],
                "left": [g.remaining for g in found.left],
                "share": [100 * g.remaining / g.amount for g in found.left],
                "expires": [_end(g, zone) for g in found.left],
                "grant": [g.label or CLASSES.get(g.grant_class, g.grant_class) for g in found.left],
                "kind": [CLASSES.get(g.grant_class, g.grant_class) for g in found.left],
                "held": [g.held for g in found.left],
            }
        )
        column = st.column_config
        tables.grid(
            frame,
            {
                "next": column.NumberColumn("#", width=36, help="The order of spending; blocked grants have none"),
                "wallet": column.TextColumn("Wallet", width=130),
                "left": column.NumberColumn("Left", format="localized", width=90),
                "share": column.ProgressColumn(
                    "Of what it was", format="%.0f%%", min_value=0, max_value=100, width=130
                ),
                "expires": column.TextColumn(f"Expires ({zone_mark(zone, found.balance.at)})", width=150),
                "grant": column.TextColumn("Grant", width=170),
                "kind": column.TextColumn("Class", width=90),
                "held": column.NumberColumn("Held", format="localized", width=70),
            },
            "Grants in the order in which they are spent",
            key="burn-order",
        )


def _end(grant: GrantLeft, zone: ZoneInfo) -> str:
    at = grant.expires_at
    return "never" if at is None else f"{at.astimezone(zone):%-d %b %Y, %H:%M}"


def _where(grant: GrantLeft) -> str:
    name = wallet_name(grant.wallet_type, grant.wallet_label)
    if grant.disputed:
        return f"{name} (disputed)"
    if not grant.spendable:
        return f"{name} (off)"
    return f"{name} of the team" if grant.of_pool else name


def _whose(line: Coming) -> str:
    name = wallet_name(line.wallet_type, line.wallet_label)
    return f"{name} of the team" if line.of_pool else name


def ahead(now: datetime, found: Standing, zone: ZoneInfo) -> None:
    """What time brings and takes if nothing else happens: resets, roll-overs, and what expires unspent."""
    rows = [(c.at, c.kind, _whose(c), c.tokens) for c in found.coming]
    within = {(c.at, c.wallet_id) for c in found.coming if c.kind == "expiry"}
    last = max((c.at for c in found.coming), default=now)
    rows += [
        (g.expires_at, "expiry", _where(g), -g.remaining)
        for g in found.left
        if g.expires_at is not None and g.expires_at > last and (g.expires_at, g.wallet_id) not in within
    ]
    with card("ahead", height="stretch"):
        head("What comes", "If nothing else is spent until then.")
        if not rows:
            muted("Nothing here resets, and nothing expires.")
            return
        listed = [
            (kind, wallet, f"{instant(at, zone, now=now)} · {countdown(at, now)}", tokens)
            for at, kind, wallet, tokens in sorted(rows, key=lambda row: row[0])[:8]
        ]
        _lines(listed, "What comes")


def pending(found: Standing, zone: ZoneInfo) -> None:
    """What is due and counted, but becomes a line only when the account is next touched."""
    with card("pending", height="stretch"):
        head("Due, not yet written", "Counted in every figure here; lines of the history at the next use or sweep.")
        if not found.pending:
            muted("Nothing is waiting: what you see is what is written.")
            return
        _lines(
            [(t.kind, t.description, instant(t.effective_at, zone), t.tokens) for t in found.pending[-8:]], "Due lines"
        )
        if len(found.pending) > 8:
            muted(f"and {plural(len(found.pending) - 8, 'earlier line')}")


def _lines(listed: Sequence[tuple[str, str, str, int]], alt: str) -> None:
    """A short list: kind and words, when in grey, and the signed tokens at the right."""
    rows = [
        (f"{kind_icon(kind)} {kind_name(kind)} :gray[· {esc(words)}]  \n:small[:gray[{at}]]", tokens)
        for kind, words, at, tokens in listed
    ]
    shown = numbers(pd.DataFrame(rows, columns=["what", "change"]), change=signed)
    st.table(shown, border="horizontal", hide_header=True, hide_index=True, alt=alt)
