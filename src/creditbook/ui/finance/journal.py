"""The journal for an accounting system drawn: debit and credit by account code, in balance; and what the codes are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd
import streamlit as st

from creditbook.installation import installation
from creditbook.reports.finance import journal
from creditbook.reports.finance.journal import JournalLine
from creditbook.ui import confirm, tables
from creditbook.ui.confirm import Act
from creditbook.ui.format import DASH, esc
from creditbook.ui.money import money
from creditbook.ui.page import card, head, muted, row
from creditbook.ui.session import require

ACT = "account-code"


@dataclass(frozen=True, slots=True)
class Named:
    """An account that was renamed: its role, and what it is called now."""

    role: str
    code: str
    name: str


def show(lines: Sequence[JournalLine], month: str) -> None:
    """A month's journal, a table a currency, each with its sums of debit and credit; the file for the system."""
    with card("journal"):
        with row(horizontal_alignment="distribute"):
            with st.container(width="content", gap=None):
                head(f"Journal of {month}", _balance(lines))
            build = partial(tables.csv_of, journal.CSV_COLUMNS, partial(journal.csv_rows, lines))
            tables.download(build, "journal", "Download the journal for your accounting system", key="journal-csv")
        if not lines:
            muted("Nothing was booked in this month.")
        for currency in sorted({one.currency for one in lines}):
            _table([one for one in lines if one.currency == currency], currency)


def _balance(lines: Sequence[JournalLine]) -> str:
    sums: Counter[str] = Counter()
    for one in lines:
        sums[one.currency] += one.debit_minor - one.credit_minor
    wrong = sorted(name for name, rest in sums.items() if rest)
    if wrong:
        return f":red[Out of balance in {', '.join(wrong)}]"
    return "Debit and credit by account code, dated on the month's last day, in balance"


def frame(lines: Sequence[JournalLine], currency: str) -> pd.DataFrame:
    """The lines of one currency as people read them, with the two sums below."""
    rows = [
        (one.code, one.name, one.memo, _amount(one.debit_minor, currency), _amount(one.credit_minor, currency))
        for one in lines
    ]
    debit, credit = sum(one.debit_minor for one in lines), sum(one.credit_minor for one in lines)
    rows.append(("", "Total", "", money(debit, currency), money(credit, currency)))
    return pd.DataFrame(rows, columns=["Account", "Name", "What", f"Debit ({currency})", f"Credit ({currency})"])


def _amount(minor: int, currency: str) -> str:
    return money(minor, currency) if minor else ""


def _table(lines: Sequence[JournalLine], currency: str) -> None:
    right = {
        name: st.column_config.TextColumn(name, alignment="right")
        for name in (f"Debit ({currency})", f"Credit ({currency})")
    }
    tables.grid(frame(lines, currency), right, f"Journal in {currency}", key=f"journal-{currency}")


def codes(accounts: Mapping[str, tuple[str, str]]) -> None:
    """What each account is called, and the form that renames one."""
    named = confirm.result(ACT)
    with card("codes"):
        head("Account codes", "As your accounting system has them; the journal books by them from now on")
        listed = pd.DataFrame(
            [(_title(role), code, name) for role, (code, name) in accounts.items()], columns=["Account", "Code", "Name"]
        )
        tables.grid(listed, {}, "Account codes", key="codes-table")
        if named is not None:
            with row():
                said = f"{esc(_title(named.role))} is {esc(named.code)}, {esc(named.name)}."
                muted(f":green[:material/check_circle:] {said}", width="content")
                st.button("Done", key="code-done", on_click=partial(confirm.clear, ACT))
        with st.expander("Change a code", icon=":material/edit:"):
            _form(accounts)


def _form(accounts: Mapping[str, tuple[str, str]]) -> None:
    role = st.selectbox("Account", list(accounts), key="code-role", format_func=_title, width=320)
    code, name = accounts[role]
    with row(vertical_alignment="bottom"):
        new_code = st.text_input("Code", code, max_chars=60, key=f"code-{role}", width=140).strip()
        new_name = st.text_input("Name", name, max_chars=60, key=f"name-{role}", width=320).strip()
    why = confirm.reason("code-why", placeholder="Why? The audit log keeps it")
    changed = (new_code, new_name) != (code, name) and bool(new_code)
    if st.button("Review and change", key="code-review", disabled=not (changed and why)):
        confirm.ask(
            question(role, (code, name), (new_code, new_name), why), partial(run, role, new_code, new_name, why)
        )


def question(role: str, before: tuple[str, str], after: tuple[str, str], reason: str) -> Act:
    """The question before an account is renamed."""
    was, now = (" ".join(one).strip() or DASH for one in (before, after))
    return Act(
        ACT,
        "Change this code?",
        f"**{esc(_title(role))}**: {esc(was)} becomes **{esc(now)}**. Reason: “{esc(reason)}”",
        f"Change to {after[0]}",
        "Journals that are downloaded from now on carry it, of closed months too: no amount moves.",
        ":material/edit:",
    )


def run(role: str, code: str, name: str, reason: str, _once: str, _why: str) -> Named:
    """Rename it, as whoever is signed in now."""
    who = require("finance", "admin")
    installation().ledger.set_account_code(who.org_slug, role, code, name, reason=reason, actor=who.user_name)
    st.session_state.pop("code-why", None)
    return Named(role, code, name)


def _title(role: str) -> str:
    return role.replace("_", " ").capitalize()
