"""Single rows of FOCUS, as dictionaries by column; what a row does not name is null. Exact decimals throughout.

FOCUS's own text columns are plain ASCII, as the validator demands; `x_` columns and tags keep every name as it is.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal
from typing import Any

from creditbook.reports.finance.sales import MoneyBack

from .amounts import places

TOKENS, THOUSANDS, REQUESTS = "Tokens", "1000 Tokens", "Requests"
_WIDE = Context(prec=50, rounding=ROUND_HALF_EVEN)
_PLACES = Decimal("1E-18")
_ONE = Decimal("0.1")


@dataclass(frozen=True, slots=True)
class Bill:
    """Whose bill it is. Costs of models are known in dollars and rupees; usage is in rupees where those are hers.

    ``virtual``: usage is priced in tokens, a virtual currency, rather than in dollars as its models are.
    """

    slug: str
    name: str
    currency: str
    virtual: bool = False

    @property
    def cost_currency(self) -> str:
        """The currency of usage."""
        return "INR" if self.currency == "INR" else "USD"

    def row(self, account: str, kind: str) -> dict[str, Any]:
        """What every row says: who bills, who provides, whose account it is."""
        name = plain(self.name, self.slug)
        return {
            "BillingAccountId": self.slug,
            "BillingAccountName": name,
            "BillingAccountType": "Organization",
            "InvoiceIssuerName": name,
            "ProviderName": name,
            "PublisherName": name,
            "ServiceCategory": "AI and Machine Learning",
            "ServiceSubcategory": "Generative AI",
            "ServiceName": "AI agents",
            "SubAccountId": f"{self.slug}/{account}" if account else self.slug,
            "SubAccountName": account or "Pool",
            "SubAccountType": "Pool" if kind == "pool" else "Member",
            "x_VirtualCurrency": TOKENS,
        }


def bought_rows(bill: Bill, sold: Any, receipt: tuple[str, int] | None) -> Iterator[dict[str, Any]]:
    """A purchase and its tax. The invoice is its receipt, a provisional one until that is issued."""
    invoice = f"P/{sold.purchase_id}" if receipt is None else f"R/{receipt[0]}/{receipt[1]:05}"
    net = sold.price_minor - sold.tax_minor
    of = bill.row(sold.account, sold.account_kind) | _bought(sold, invoice)
    quantity = Decimal(sold.tokens) if sold.tokens else Decimal(1)
    yield of | _money(sold.currency, net, quantity, TOKENS if sold.tokens else "Terms")
    if sold.tax_minor:
        yield of | _tax(sold.currency, sold.tax_minor, sold.tax_label or "Tax")


def back_rows(bill: Bill, back: MoneyBack) -> Iterator[dict[str, Any]]:
    """Money that went back: the purchase and its tax, negative."""
    of = bill.row(back.account, "pool" if not back.account else "member") | _bought(back, f"C/{back.txn_id}")
    of |= {"ChargeDescription": f"Money back: {of['ChargeDescription']}"}
    yield of | _money(back.currency, -back.net_minor, Decimal(-1), "Refunds")
    if back.tax_minor:
        yield of | _tax(back.currency, -back.tax_minor, "Tax")


def _bought(sold: Any, invoice: str) -> dict[str, Any]:
    sku, title = f"{sold.kind}/{sold.item}", plain(sold.title, sold.item)
    return {
        "ChargeCategory": "Purchase",
        "ChargeDescription": title,
        "ChargeFrequency": "One-Time" if sold.kind == "package" else "Recurring",
        "InvoiceId": invoice,
        "PricingCategory": "Standard",
        "ResourceId": f"purchase/{sold.purchase_id}",
        "ResourceName": title,
        "ResourceType": "Token package" if sold.kind == "package" else "Plan",
        "SkuId": sku,
        "SkuMeter": TOKENS if sold.kind == "package" else "Terms",
        "SkuPriceDetails": _object(x_Kind=str(sold.kind), x_Item=sold.item),
        "SkuPriceId": f"{sku}/{sold.currency}",
        "Tags": _object(title=sold.title),
    }


def _money(currency: str, minor: int, quantity: Decimal, unit: str) -> dict[str, Any]:
    """What a purchase bills; it costs nothing yet, for it covers usage that is to come."""
    amount = _decimal(Decimal(minor).scaleb(-places(currency)))
    price = _each(amount, quantity)
    return {
        "BillingCurrency": currency, "PricingCurrency": currency, "BilledCost": amount, "ContractedCost": amount,
        "ListCost": amount, "EffectiveCost": _decimal(Decimal(0)), "PricingCurrencyEffectiveCost": _decimal(Decimal(0)),
        "ContractedUnitPrice": price, "ListUnitPrice": price, "PricingCurrencyContractedUnitPrice": price,
        "PricingCurrencyListUnitPrice": price, "PricingQuantity": _decimal(quantity), "PricingUnit": unit,
    }  # fmt: skip


def _tax(currency: str, minor: int, label: str) -> dict[str, Any]:
    """A tax has neither a price list nor a quantity."""
    amount = _decimal(Decimal(minor).scaleb(-places(currency)))
    nothing = dict.fromkeys(("PricingCategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId"))
    return {
        **nothing, "ChargeCategory": "Tax", "ChargeDescription": plain(label, "Tax"), "BillingCurrency": currency,
        "PricingCurrency": currency, "BilledCost": amount, "ContractedCost": amount, "ListCost": amount,
        "EffectiveCost": _decimal(Decimal(0)), "PricingCurrencyEffectiveCost": _decimal(Decimal(0)),
    }  # fmt: skip


def used_row(bill: Bill, used: Any) -> dict[str, Any]:
    """What an account used on a day by agent, model and feature: costs as booked, and the tokens it was charged."""
    tokens, charged = used.input_tokens + used.output_tokens, used.charged - used.refunded
    nanos = used.cost_inr_nanos if bill.cost_currency == "INR" else used.cost_usd_nanos
    cost = _decimal(_of_nanos(nanos))
    quantity, unit = _quantity(tokens, used.requests, nanos, charged)
    price = _each(cost, quantity)
    pricing = _decimal(Decimal(charged) if bill.virtual else _of_nanos(used.cost_usd_nanos))
    priced = _each(pricing, quantity)
    sku = plain(used.model or used.feature, "usage")
    return bill.row(used.account, used.kind) | {
        "ChargeCategory": "Usage",
        "ChargeDescription": plain(", ".join(one for one in (used.agent, used.model, used.feature) if one), "Usage"),
        "ChargeFrequency": "Usage-Based",
        "BillingCurrency": bill.cost_currency,
        "BilledCost": _decimal(Decimal(0)),
        "EffectiveCost": cost,
        "ContractedCost": cost,
        "ListCost": cost,
        "ContractedUnitPrice": price,
        "ListUnitPrice": price,
        "ConsumedQuantity": _decimal(Decimal(tokens)),
        "ConsumedUnit": TOKENS,
        "PricingCategory": "Standard",
        "InvoiceId": f"S/{used.account}/{used.org_date:%Y-%m}",
        "PricingCurrency": TOKENS if bill.virtual else "USD",
        "PricingCurrencyEffectiveCost": pricing,
        "PricingCurrencyContractedUnitPrice": priced,
        "PricingCurrencyListUnitPrice": priced,
        "PricingQuantity": _decimal(quantity),
        "PricingUnit": unit,
        "ResourceId": f"agent/{plain(used.agent, 'other')}" if used.agent else None,
        "ResourceName": plain(used.agent, "other") if used.agent else None,
        "ResourceType": "Agent" if used.agent else None,
        "SkuId": sku,
        "SkuMeter": "Model tokens",
        "SkuPriceDetails": _object(x_Model=used.model, x_Feature=used.feature),
        "SkuPriceId": f"{sku}/{unit}",
        "Tags": _object(agent=used.agent, feature=used.feature),
        "x_Agent": used.agent or None,
        "x_Model": used.model or None,
        "x_Feature": used.feature or None,
        "x_ModelCostUSD": _decimal(_of_nanos(used.cost_usd_nanos)),
        "x_ModelCostINR": _decimal(_of_nanos(used.cost_inr_nanos)),
        "x_VirtualCurrencyCost": _decimal(Decimal(charged)),
        "x_ChargedTokens": _decimal(Decimal(used.charged)),
        "x_RefundedTokens": _decimal(Decimal(used.refunded)),
    }


def _quantity(tokens: int, requests: int, nanos: int, charged: int) -> tuple[Decimal, str]:
    """What the price is for: thousands of model tokens, else requests, else the day's correction or refund itself.

    Prices must not be negative, so a correction that takes back has a quantity that is.
    """
    if tokens > 0 and nanos >= 0:
        return Decimal(tokens).scaleb(-3), THOUSANDS
    if requests > 0 and nanos >= 0:
        return Decimal(requests), REQUESTS
    return Decimal(-1 if nanos < 0 or (nanos == 0 and charged < 0) else 1), "Corrections"


def _each(amount: Decimal, quantity: Decimal) -> Decimal:
    """A price, to eighteen places, never negative."""
    return _decimal(abs(_WIDE.divide(amount, quantity)).quantize(_PLACES, context=_WIDE))


def _of_nanos(nanos: int) -> Decimal:
    return Decimal(nanos).scaleb(-9)


def _decimal(value: Decimal) -> Decimal:
    """The same with at least one place: readers take a column of whole numbers for integers, which costs are not."""
    short = value.normalize(_WIDE)
    exponent = short.as_tuple().exponent
    return short.quantize(_ONE, context=_WIDE) if isinstance(exponent, int) and exponent > -1 else short


def _object(**pairs: str) -> str:
    return json.dumps({name: value for name, value in pairs.items() if value})


def plain(text: str, otherwise: str) -> str:
    """The text in ASCII; ``otherwise`` where letters of it would be lost, or nothing is there."""
    apart = unicodedata.normalize("NFKD", text)
    kept = apart.encode("ascii", "ignore").decode().strip()
    lost = any(one.isalnum() and not one.isascii() for one in apart)
    return otherwise if lost or not kept else kept
