"""A program with plans of every sort, small enough to count by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from support.books import START, LivingBook, a_program, allowance

from creditbook.domain.program import Allowance, Every, GrantClass, Plan, Program, WalletType

MONTH, THIRTY, CALENDAR = Every.ANNIVERSARY_MONTH, Every.DAYS_30, Every.CALENDAR_MONTH


def monthly(tokens: int, every: Every = MONTH, **terms: Any) -> Allowance:
    return allowance(tokens, every, WalletType.MONTHLY, **terms)


def paid(slug: str, rank: int, price: int, *allowances: Allowance, **terms: Any) -> Plan:
    return Plan(slug, slug.title(), rank, GrantClass.PLAN, allowances, price_minor=price, **terms)


BASIC = paid("basic", 1, 299, monthly(50, rollover="1/2"))
PRO = paid("pro", 2, 999, monthly(250, rollover="1/2"))
THIRTIES = paid("thirties", 3, 1_500, monthly(400, THIRTY))
BOUNDLESS = paid("boundless", 4, 9_900, unlimited=True, every=THIRTY)


def a_studio(*plans: Plan, free: Allowance | None = None, **terms: Any) -> Program:
    """Free: 10 tokens a calendar month, half of what is left rolls over. Basic 50, Pro 250 by months from their day."""
    default = free or monthly(10, CALENDAR, rollover="1/2")
    return a_program(default, plans=plans or (BASIC, PRO, THIRTIES, BOUNDLESS), **terms)


def studio(plan: str = "", at: datetime = START, **terms: Any) -> LivingBook:
    """An account of that program, opened on the free plan or straight on another one."""
    book = LivingBook(a_studio(**terms), at)
    book.open(plan=plan)
    return book


def left(book: LivingBook, account: int | None = None) -> dict[str, int]:
    """What is available by type of wallet; empty ones are left out."""
    return {wallet.type: wallet.available for wallet in book.balance(account).wallets if wallet.available}


def told(book: LivingBook) -> list[tuple[str, str, str]]:
    """What happened to the plan: (what, before, after)."""
    return [(event.what, event.plan_before, event.plan_after) for event in book.journal.plan_events]
