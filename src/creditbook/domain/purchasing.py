"""Purchases: opened with their price and tax, paid once however often it is told, and granted (rule 32)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from . import planning
from .balance import available_tokens
from .context import Desk
from .errors import InvalidRequest, LedgerError, NotFound
from .giving import give, lifetime
from .granting import spendable_wallet
from .limits import refuse_closed
from .money import half_even
from .operations import Operation
from .program import GrantClass, Package, Plan, Tax
from .results import PurchaseReceipt
from .sales import Purchase, PurchaseKind, PurchaseStatus
from .selling import FailPurchase, NamePurchase, OpenPurchase, PayPurchase
from .state import Account, Book

UNPAID = frozenset({PurchaseStatus.PENDING, PurchaseStatus.FAILED})


def open_purchase(desk: Desk, account: Account, operation: OpenPurchase) -> Purchase:
    """Open a sale with the price, tax and terms of now; with a payment it is paid and granted at once, or not at all.

    A frozen account may buy. Raises `InvalidRequest` for what is not for sale, or when the payment is known already.
    """
    refuse_closed(account)
    before = desk.book.payments.get((operation.provider, operation.payment)) if operation.payment else None
    if before is not None:
        raise InvalidRequest(f"The payment {operation.payment} was recorded before, for purchase {before}.")
    item = _item(desk, account, operation)
    tax, version = desk.book.program.tax, desk.book.version_at(desk.now)
    price, tax_minor = with_tax(item.price_minor, tax)
    purchase = Purchase(
        purchase_id=desk.journal.new_id(),
        account_id=account.account_id,
        kind=operation.kind,
        item=item.slug,
        title=item.title,
        tokens=item.tokens if isinstance(item, Package) else 0,
        price_minor=price,
        tax_minor=tax_minor,
        currency=desk.book.program.currency,
        program_id=version.program_id if version else 0,
        created_at=desk.now,
        provider=operation.provider,
        tax_label=tax.label if tax else "",
        tax_rate=_as_text(tax.rate) if tax else "",
        tax_inclusive=tax.inclusive if tax else True,
        actor=operation.actor,
        reason=operation.reason,
    )
    if operation.payment:
        _receive(desk, purchase, operation.provider, operation.payment)
        _grant(desk, account, purchase, operation)
        _register(desk.book, purchase)
    desk.book.purchases[purchase.purchase_id] = purchase
    desk.journal.purchases.append(purchase)
    return purchase


def _item(desk: Desk, account: Account, operation: OpenPurchase) -> Package | Plan:
    program = desk.book.program
    if operation.kind is PurchaseKind.PACKAGE:
        package = program.packages.get(operation.item)
        if package is None:
            known = ", ".join(program.packages) or "none"
            raise InvalidRequest(f"This program sells no package “{operation.item}”. Its packages: {known}.")
        return package
    if operation.kind is PurchaseKind.PLAN:
        return planning.plan_to_buy(desk.book, account, operation.item)
    plan = planning.plan_to_renew(desk.book, account)
    if operation.item not in ("", plan.slug):
        raise InvalidRequest(f"A renewal now pays a term of {plan.title}.")
    return plan


def with_tax(price_minor: int, tax: Tax | None) -> tuple[int, int]:
    """What the buyer pays, and the tax in it, in minor units, half to even. An exclusive tax comes on top."""
    if tax is None:
        return price_minor, 0
    rate = tax.rate
    if tax.inclusive:
        return price_minor, half_even(price_minor * rate.numerator, rate.denominator + rate.numerator)
    on_top = half_even(price_minor * rate.numerator, rate.denominator)
    return price_minor + on_top, on_top


def _as_text(rate: Fraction) -> str:
    """0.18 for eighteen per cent; a share that has no end in decimals stays a fraction."""
    written = Decimal(rate.numerator) / Decimal(rate.denominator)
    return format(written.normalize(), "f") if Fraction(written) == rate else str(rate)


def find_purchase(desk: Desk, account: Account, purchase_id: int) -> Purchase:
    """The account's purchase of this id. Raises `NotFound`."""
    purchase = desk.book.purchases.get(purchase_id)
    if purchase is None or purchase.account_id != account.account_id:
        raise NotFound(f"This account has no purchase {purchase_id}.")
    return purchase


def name_purchase(desk: Desk, account: Account, operation: NamePurchase) -> Purchase:
    """Note the provider's name of the checkout; one that is paid keeps the name it has."""
    purchase = find_purchase(desk, account, operation.purchase_id)
    if not operation.provider_order.strip():
        raise InvalidRequest("Name the provider's order or checkout.")
    if purchase.status in UNPAID or not purchase.provider_order:
        purchase.provider_order = operation.provider_order
        _touch(desk, purchase)
    return purchase


def fail_purchase(desk: Desk, account: Account, operation: FailPurchase) -> Purchase:
    """The payment failed. Told late, of a purchase that is paid by now, it changes nothing."""
    purchase = find_purchase(desk, account, operation.purchase_id)
    if purchase.status is PurchaseStatus.PENDING:
        purchase.status, purchase.closed_at = PurchaseStatus.FAILED, desk.now
        _touch(desk, purchase)
    return purchase


def pay_purchase(desk: Desk, account: Account, operation: PayPurchase) -> Purchase:
    """Take the money and give what it buys, once however often it is told. A failed purchase can still be paid.

    A provider is told nothing by a refusal: what doesn't fit is noted as trouble, and left unpaid; what is paid and
    can't be granted stays paid, with its trouble, until a person looks at it.
    """
    purchase = find_purchase(desk, account, operation.purchase_id)
    provider, payment = operation.provider, operation.payment
    if not payment.strip() or not provider.strip():
        raise InvalidRequest("Name the provider and its payment.")
    told = desk.book.payments.get((provider, payment))
    if told == purchase.purchase_id:
        return purchase
    trouble = _misfit(purchase, operation, told)
    if trouble:
        _note(desk, purchase, trouble)
        return purchase
    _receive(desk, purchase, provider, payment)
    _register(desk.book, purchase)
    _touch(desk, purchase)
    try:
        _grant(desk, account, purchase, operation)
    except LedgerError as refusal:
        _note(desk, purchase, str(refusal))
    return purchase


def _misfit(purchase: Purchase, operation: PayPurchase, told: int | None) -> str:
    """Why this payment can't pay this purchase, '' when it can; ``told`` is the purchase that it has paid."""
    payment = f"{operation.payment} ({operation.provider})"
    if told is not None:
        return f"The payment {payment} has paid purchase {told}."
    if purchase.status not in UNPAID:
        return f"Paid once more, by {payment}. Give that money back."
    currency = (operation.currency or purchase.currency).upper()
    paid = purchase.price_minor if operation.paid_minor is None else operation.paid_minor
    if (paid, currency) != (purchase.price_minor, purchase.currency):
        due = f"{purchase.price_minor} {purchase.currency}"
        return f"The payment {payment} is of {paid} {currency}, {due} are due (minor units)."
    return ""


def _receive(desk: Desk, purchase: Purchase, provider: str, payment: str) -> None:
    purchase.provider, purchase.provider_payment = provider, payment
    purchase.status, purchase.paid_at, purchase.closed_at, purchase.trouble = PurchaseStatus.PAID, desk.now, None, ""


def _register(book: Book, purchase: Purchase) -> None:
    """Let what follows in the same batch know of the payment."""
    book.payments[purchase.provider, purchase.provider_payment] = purchase.purchase_id
    book.buyers.add(purchase.account_id)


def _grant(desk: Desk, account: Account, purchase: Purchase, operation: Operation) -> None:
    """Give what the purchase buys. Raises a `LedgerError`, and writes nothing, where that can't be."""
    refuse_closed(account)
    match purchase.kind:
        case PurchaseKind.PLAN:
            planning.buy_plan(desk, account, purchase)
        case PurchaseKind.RENEWAL:
            planning.renew(desk, account, purchase)
        case PurchaseKind.PACKAGE:
            _give_pack(desk, account, purchase, operation)
    purchase.status, purchase.granted_at = PurchaseStatus.GRANTED, desk.now


def _give_pack(desk: Desk, account: Account, purchase: Purchase, operation: Operation) -> None:
    """The pack with the terms of the program's version in which it was opened, whatever its price is by now."""
    package = _package_sold(desk.book, purchase)
    txn, grant = give(
        desk,
        account,
        operation,
        spendable_wallet(desk, account, package.wallet, package.features),
        purchase.tokens,
        kind="purchase",
        grant_class=GrantClass.PURCHASED,
        expires_at=lifetime(desk, package.lifetime_days),
        label=purchase.title,
        price_minor=purchase.price_minor,
        tax_minor=purchase.tax_minor,
        currency=purchase.currency,
        metadata={"purchase_id": purchase.purchase_id},
    )
    purchase.txn_id, purchase.grant_id = txn.txn_id, grant.grant_id


def _package_sold(book: Book, purchase: Purchase) -> Package:
    versions = [version.program for version in book.versions if version.program_id == purchase.program_id]
    for program in (*versions, book.program):
        if purchase.item in program.packages:
            return program.packages[purchase.item]
    raise InvalidRequest(f"The package “{purchase.item}” is no longer there. Give the money back, or sell another one.")


def _note(desk: Desk, purchase: Purchase, trouble: str) -> None:
    """Add what a person has to look at, once."""
    if trouble not in purchase.trouble:
        purchase.trouble = f"{purchase.trouble} {trouble}".strip()
        _touch(desk, purchase)


def _touch(desk: Desk, purchase: Purchase) -> None:
    desk.journal.touched_purchases[purchase.purchase_id] = purchase


def purchase_receipt(desk: Desk, account: Account, purchase: Purchase, since: int) -> PurchaseReceipt:
    """A purchase as it stands now, with the transactions written from the ``since``-th on."""
    return PurchaseReceipt(
        purchase_id=purchase.purchase_id,
        account=account.name,
        kind=purchase.kind.value,
        item=purchase.item,
        status=purchase.status.value,
        tokens=purchase.tokens,
        price_minor=purchase.price_minor,
        tax_minor=purchase.tax_minor,
        currency=purchase.currency,
        available=available_tokens(desk.book, account, desk.now),
        transaction_ids=tuple(txn.txn_id for txn in desk.journal.transactions[since:]),
        trouble=purchase.trouble,
    )
