"""An administrator's acts on a member's wallets: a further one opened with tokens in it, one switched off or on."""

from __future__ import annotations

import secrets
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.access import Member, Principal
from creditbook.domain.balance import WalletBalance
from creditbook.domain.program import WalletType
from creditbook.installation import installation
from creditbook.reports.grants import Receiver

from . import deeds
from .account_deeds import MOST
from .confirm import reason as ask_reason
from .deeds import Deed, account_of, name_of
from .format import esc, full, plural
from .kinds import wallet_name
from .page import muted
from .reading import Unread, not_read, read

TYPES = tuple(kind.value for kind in WalletType if kind is not WalletType.ROLLOVER)
"""What may be opened by hand; a ROLLOVER wallet is filled by what rolls over."""
OPEN = "Open a further wallet"
LIFETIME = timedelta(days=30)


def dialog(who: Principal, one: Member | Receiver) -> None:
    """Choose what happens to the wallets, see it, say why."""
    key = secrets.token_hex(8)

    @st.dialog("Wallets", icon=":material/wallet:")
    def box() -> None:
        here, account = installation(), account_of(who, one)
        found = read(lambda: (here.ledger.balance(account).wallets, here.ledger.program(who.org_slug)))
        if isinstance(found, Unread):
            not_read("The wallets", found)
            return
        wallets, program = found
        ways: dict[str, WalletBalance | None] = {OPEN: None, **{_switch_words(one): one for one in wallets}}
        wallet = ways[st.selectbox("What happens", list(ways), key="wallet-what")]
        deed = _opening(who, one, program.wallet_tokens) if wallet is None else switched(one, wallet)
        st.markdown(deed.effect)
        if deed.change is not None:
            deeds.before_and_after(deed.change, "After")
        muted(deed.after)
        deeds.confirm(deed, ask_reason("deed-reason"), key)

    box()


def _switch_words(wallet: WalletBalance) -> str:
    verb = "off" if wallet.is_active else "on"
    name = wallet_name(wallet.type, wallet.label)
    return f"Switch {verb}: {name}, {plural(wallet.posted, 'token')} ({wallet.wallet_id})"


def _opening(who: Principal, one: Member | Receiver, usual_tokens: int) -> Deed:
    """What the administrator filled in, as a deed."""
    kind = st.selectbox("Type", TYPES, index=TYPES.index("PREMIUM"), key="wallet-type",
                        format_func=lambda name: f"{wallet_name(name, '')} ({name})")  # fmt: skip
    tokens = int(st.number_input("Tokens in it", 0, MOST, usual_tokens, key="wallet-tokens"))
    today = installation().clock().astimezone(ZoneInfo(who.org_zone or who.zone)).date()
    until: date | None = None
    if st.toggle("It ends on a day", value=True, key="wallet-ends"):
        until = st.date_input("Last day", today + LIFETIME, min_value=today, key="wallet-until")
    return opened(one, kind, tokens, until)


def opened(one: Member | Receiver, kind: str, tokens: int, until: date | None) -> Deed:
    """A further wallet with tokens in it; its end bounds everything that goes into it."""
    made: list[WalletBalance] = []

    def run(actor: Principal, reason: str, key: str) -> None:
        ledger, account = installation().ledger, account_of(actor, one)
        done = ledger.open_wallet(
            account, kind, tokens=tokens, expires_at=until, reason=reason, actor=actor.user_name, idempotency_key=key
        )
        made.extend(wallet for wallet in ledger.balance(account).wallets if wallet.wallet_id == done.wallet_id)

    name, title = esc(name_of(one)), wallet_name(kind, "").lower()
    ends = f"through {until:%-d %B %Y}" if until is not None else "without an end"
    effect = (
        f"**{name}** gets a wallet ({title}) with **{full(tokens)}** {'token' if tokens == 1 else 'tokens'}, {ends}."
    )
    after = "What is left of it on that day expires at the day's end." if until is not None else ""
    return Deed(
        "Open a wallet?", ":material/wallet:", effect, "Open the wallet", f"{name} has a further wallet", run,
        ("Wallet", "none", f"{full(tokens)} {ends}"), after, lambda: switched(one, made[-1]),
    )  # fmt: skip


def switched(one: Member | Receiver, wallet: WalletBalance, *, active: bool | None = None) -> Deed:
    """Switch a wallet off, which blocks its tokens and stops its resets, or on again."""
    on = not wallet.is_active if active is None else active

    def run(actor: Principal, reason: str, key: str) -> None:
        installation().ledger.set_wallet_active(
            account_of(actor, one), wallet.wallet_id, on, reason=reason, actor=actor.user_name, idempotency_key=key
        )

    name, title = esc(name_of(one)), esc(wallet_name(wallet.type, wallet.label))
    blocked = (
        f"Its {plural(wallet.posted, 'token')} are blocked and it is not reset; what ends in it ends all the same."
    )
    back = f"Its {plural(wallet.posted, 'token')} may be spent again, and it is reset with its period."
    return Deed(
        f"Switch the wallet {'on' if on else 'off'}?",
        ":material/toggle_on:" if on else ":material/toggle_off:",
        f"**{name}**'s wallet **{title}** is switched {'on' if on else 'off'}.",
        f"Switch it {'on' if on else 'off'}",
        f"{name}'s wallet {title} is {'on' if on else 'off'}",
        run,
        ("Wallet", "Off" if on else "On", "On" if on else "Off"),
        back if on else blocked,
        lambda: switched(one, wallet, active=not on),
    )
