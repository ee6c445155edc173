"""Purchases in the model: opened, paid once however often told, refunded, disputed (rules 30, 32)."""

from __future__ import annotations

from datetime import datetime, timedelta
from fractions import Fraction

from model.books import Account, Book, Grant, Result, Sale
from model.corrections import open_account_only
from model.passing import repay
from model.plans import buy_plan, buyable, renew, renewable, renewed_plan
from model.wallets import give, kill, open_wallet, wallet_for

from creditbook.domain.errors import InvalidRequest


def lifetime(days: int | None, now: datetime) -> datetime | None:
    return None if days is None else now + timedelta(days=days)


def taxed(book: Book, price: int) -> tuple[int, int]:
    """What the buyer pays, and the tax in it."""
    tax = book.program.tax
    if tax is None:
        return price, 0
    rate = Fraction(tax.rate)
    if tax.inclusive:
        return price, round(price * rate / (1 + rate))
    return price + round(price * rate), round(price * rate)


def answer(sale: Sale) -> Result:
    return Result("purchase", account=sale.account, sale=sale)


def open_purchase(
    book: Book, account: Account, now: datetime, *, item: str, kind: str = "package", payment: str = ""
) -> Result:
    """Pending, with the price, tax and terms of now; with a payment, paid and granted in the same breath."""
    open_account_only(account)
    package = book.program.packages.get(item) if kind == "package" else None
    if kind == "package":
        if package is None:
            raise InvalidRequest("no such package")
        price, tokens = package.price_minor, package.tokens
    else:
        if kind == "renewal":
            if item not in ("", renewed_plan(book, account)):
                raise InvalidRequest("another plan would be renewed")
            item = renewed_plan(book, account)
            refusal = renewable(book, account, item)
        else:
            refusal = buyable(book, account, item, book.program)
        if refusal is not None:
            raise refusal
        known = book.program if item in book.program.plans else account.version or book.program
        price, tokens = known.plans[item].price_minor, 0
    paid, tax = taxed(book, price)
    sale = Sale(len(book.sales), account, kind, item, tokens, paid, tax, book.program.currency, package, book.program)
    book.sales.append(sale)
    if payment:
        take_money(book, sale, payment, now)
    return answer(sale)


def pay_purchase(
    book: Book,
    account: Account,
    now: datetime,
    *,
    sale: Sale,
    payment: str,
    paid_minor: int | None = None,
    currency: str | None = None,
) -> Result:
    """Told again: as it is. A payment that pays another purchase, or not this one's price, grants nothing."""
    known = next((s for s in book.sales if s.payment == payment and payment), None)
    if known is not None and known is not sale:
        sale.trouble = True
    elif known is None and sale.status in ("pending", "failed"):
        if (paid_minor is not None and paid_minor != sale.price) or (currency or sale.currency) != sale.currency:
            sale.trouble = True
        else:
            take_money(book, sale, payment, now)
    elif known is None:
        sale.trouble = True  # paid once more
    return answer(sale)


def take_money(book: Book, sale: Sale, payment: str, now: datetime) -> None:
    """Paid, and what it buys given; where that can't be, it stays paid and a person looks at it."""
    account = sale.account
    sale.payment, sale.status, sale.trouble = payment, "paid", False
    refusal = None
    if sale.kind == "plan":
        refusal = buyable(book, account, sale.item, sale.program)
    elif sale.kind == "renewal":
        refusal = renewable(book, account, sale.item)
    if account.status == "closed" or refusal is not None:
        sale.trouble = True
        return
    if sale.kind == "plan":
        buy_plan(book, account, sale.item, sale.program, now)
    elif sale.kind == "renewal":
        renew(book, account, sale.item)
    else:
        package = sale.package
        assert package is not None
        into = wallet_for(book, account, package.wallet.value, package.features)
        if not into.active:  # what was paid for must be spendable
            into = open_wallet(book, account, package.wallet.value, package.features)
        sale.grant = give(book, into, sale.tokens, "purchased", now, lifetime(package.lifetime_days, now))
        sale.grant.net = sale.price - sale.tax
        for each in book.cluster(account):
            repay(book, each)
    sale.status, sale.granted = "granted", True


def fail_purchase(_book: Book, _account: Account, _now: datetime, *, sale: Sale) -> Result:
    if sale.status in ("pending", "failed"):
        sale.status = "failed"
    return answer(sale)


def refund_purchase(
    book: Book, _account: Account, _now: datetime, *, sale: Sale, amount_minor: int | None = None
) -> Result:
    """All of the money not yet refunded, or a part of it."""
    if not sale.was_paid or (amount_minor is not None and amount_minor < 1):
        raise InvalidRequest("nothing to refund")
    left = sale.price - sale.refunded
    amount = left if amount_minor is None else amount_minor
    if amount > left or left == 0:
        raise InvalidRequest("more than was paid")
    give_back(book, sale, amount)
    return answer(sale)


def give_back(book: Book, sale: Sale, amount: int) -> None:
    """Rule 30: in one go all that is left; in parts pro rata, rounded down cumulatively, at most what is free."""
    in_one_go = sale.refunded == 0 and amount == sale.price
    sale.refunded += amount
    before, sale.due = sale.due, sale.tokens * sale.refunded // sale.price
    if sale.grant is not None and sale.grant.dead is None:
        sale.taken += take_back(sale.grant, sale.due - before, in_one_go)
    if sale.refunded == sale.price:
        sale.status = "refunded"
        if sale.grant is not None:
            sale.grant.refunded = True
    repay(book, sale.account)


def take_back(grant: Grant, due: int, all_of_it: bool) -> int:
    if all_of_it:
        return kill(grant, "refunded")
    taken = min(due, grant.free)
    grant.remaining -= taken
    return taken


def dispute_purchase(book: Book, _account: Account, _now: datetime, *, sale: Sale, what: str) -> Result:
    """Opened, the grant freezes; won, it thaws; lost, the money goes back."""
    if not sale.was_paid:
        raise InvalidRequest("nothing to dispute")
    if what == "opened":
        if sale.status in ("paid", "granted"):  # told again, or late: as it is
            block(sale, True)
            sale.status = "disputed"
        return answer(sale)
    if sale.disputed:
        block(sale, False)
        if sale.refunded < sale.price:
            sale.status = "granted" if sale.granted else "paid"
    if what == "lost" and sale.refunded < sale.price:
        give_back(book, sale, sale.price - sale.refunded)
    repay(book, sale.account)
    return answer(sale)


def block(sale: Sale, disputed: bool) -> None:
    sale.disputed = disputed
    if sale.grant is not None and sale.grant.dead is None:
        sale.grant.disputed = disputed
