"""FOCUS 1.2: what was bought and what was used, as FinOps tools read cost and usage (docs/decisions/0056).

A purchase is billed and costs nothing yet (`EffectiveCost` 0); its tax is a row of its own; money back is a negative
purchase. Usage is billed nothing (`BilledCost` 0) and costs what its models did, as booked, in the billing currency and
in the dollars that models are priced in. What the virtual currency, the token, was charged stands in
`x_VirtualCurrencyCost`; with ``virtual`` it is the pricing currency itself, which the specification allows and the
validator (2.2.1) does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from creditbook.access.values import Principal
from creditbook.domain.calendar import add_months, local_date, start_of_day
from creditbook.domain.errors import NotFound
from creditbook.reports.finance import sales
from creditbook.reports.finance.periods import custom
from creditbook.store import directory
from creditbook.store.engine import Store
from creditbook.store.finance import export_rows, receipts
from creditbook.store.finance.export_rows import Days

from .datasets import may_export, zone_of
from .focus_rows import Bill, back_rows, bought_rows, used_row
from .tables import Column, Kind, Table

VERSION = "1.2"

_KINDS: dict[str, Kind] = {
    **dict.fromkeys(("BillingPeriodEnd", "BillingPeriodStart", "ChargePeriodEnd", "ChargePeriodStart"), "instant"),
    **dict.fromkeys(
        ("BilledCost", "CommitmentDiscountQuantity", "ConsumedQuantity", "ContractedCost", "ContractedUnitPrice",
         "EffectiveCost", "ListCost", "ListUnitPrice", "PricingCurrencyContractedUnitPrice",
         "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity", "x_ModelCostUSD",
         "x_ModelCostINR", "x_VirtualCurrencyCost", "x_ChargedTokens", "x_RefundedTokens"),
        "decimal",
    ),
}  # fmt: skip

NAMES = (
    "AvailabilityZone", "BilledCost", "BillingAccountId", "BillingAccountName", "BillingAccountType",
    "BillingCurrency", "BillingPeriodEnd", "BillingPeriodStart", "CapacityReservationId", "CapacityReservationStatus",
    "ChargeCategory", "ChargeClass", "ChargeDescription", "ChargeFrequency", "ChargePeriodEnd", "ChargePeriodStart",
    "CommitmentDiscountCategory", "CommitmentDiscountId", "CommitmentDiscountName", "CommitmentDiscountQuantity",
    "CommitmentDiscountStatus", "CommitmentDiscountType", "CommitmentDiscountUnit", "ConsumedQuantity",
    "ConsumedUnit", "ContractedCost", "ContractedUnitPrice", "EffectiveCost", "InvoiceId", "InvoiceIssuerName",
    "ListCost", "ListUnitPrice", "PricingCategory", "PricingCurrency", "PricingCurrencyContractedUnitPrice",
    "PricingCurrencyEffectiveCost", "PricingCurrencyListUnitPrice", "PricingQuantity", "PricingUnit", "ProviderName",
    "PublisherName", "RegionId", "RegionName", "ResourceId", "ResourceName", "ResourceType", "ServiceCategory",
    "ServiceName", "ServiceSubcategory", "SkuId", "SkuMeter", "SkuPriceDetails", "SkuPriceId", "SubAccountId",
    "SubAccountName", "SubAccountType", "Tags", "x_Agent", "x_Model", "x_Feature", "x_ModelCostUSD",
    "x_ModelCostINR", "x_VirtualCurrency", "x_VirtualCurrencyCost", "x_ChargedTokens", "x_RefundedTokens",
)  # fmt: skip
COLUMNS = tuple(Column(name, _KINDS.get(name, "text")) for name in NAMES)


@dataclass(frozen=True, slots=True)
class Calendar:
    """The organization's days and months as instants."""

    zone: str

    def day(self, day: date) -> tuple[datetime, datetime]:
        """Start and end of a local date."""
        return start_of_day(day, self.zone), start_of_day(day + timedelta(days=1), self.zone)

    def month(self, day: date) -> tuple[datetime, datetime]:
        """Start and end of the month of a local date."""
        first = day.replace(day=1)
        return start_of_day(first, self.zone), start_of_day(add_months(first, 1), self.zone)

    def row(self, day: date) -> dict[str, Any]:
        """The four instants of a row."""
        (start, end), (first, last) = self.day(day), self.month(day)
        return {"ChargePeriodStart": start, "ChargePeriodEnd": end, "BillingPeriodStart": first,
                "BillingPeriodEnd": last}  # fmt: skip


def table(store: Store, who: Principal, days: Days, *, virtual: bool = False) -> Table:
    """Cost and usage of these days of the organization: purchases, their taxes, money back, then usage by day."""
    may_export(who, days.account_id)
    org = directory.organization_by_slug(store, who.org_slug)
    if org is None:
        raise NotFound(f"There is no organization “{who.org_slug}”.")
    bill = Bill(org.slug, org.name, org.currency, virtual)
    facts = (("focus_version", VERSION), ("Organization", f"{org.name} ({org.slug})"))
    return Table("FOCUS cost and usage", COLUMNS, _rows(store, who, days, bill), facts)


def _rows(store: Store, who: Principal, days: Days, bill: Bill) -> Iterator[Sequence[Any]]:
    calendar = Calendar(zone_of(who))
    for day, row in _charges(store, who, days, bill, calendar):
        whole = {**row, **calendar.row(day)}
        yield [whole.get(name) for name in NAMES]


def _charges(
    store: Store, who: Principal, days: Days, bill: Bill, calendar: Calendar
) -> Iterator[tuple[date, dict[str, Any]]]:
    with store.read(who.org_id) as connection:
        for sold in export_rows.paid(connection, who.org_id, days.account_id):
            day = local_date(sold.paid_at, calendar.zone)
            if days.first <= day <= days.last:
                number = receipts.numbers(connection, who.org_id, [sold.purchase_id]).get(sold.purchase_id)
                yield from ((day, row) for row in bought_rows(bill, sold, number))
    for back in sales.money_back(store, who, custom(days.first, days.last)):
        if days.account_id in (None, back.account_id):
            yield from ((back.day, row) for row in back_rows(bill, back))
    with store.read(who.org_id) as connection:
        for used in export_rows.usage_days(connection, who.org_id, days):
            yield used.org_date, used_row(bill, used)
