"""What a model costs and what a dollar is worth, by date. History: a wrong price is followed by a right one (rule 3).

Dates are UTC dates. Ids count from 1 in the order of entry, under a lock, so the highest one tells what is new.
"""

from __future__ import annotations

import sqlalchemy as sa

from .base import Big, Day, Json, Text, When, flag, key, org_id, refers, table

RATES = ("input_picos", "cached_picos", "cache_write_picos", "output_picos", "reasoning_picos")
"""Pico-USD per token. NULL: not priced apart, so at the rate of what it is part of; input or output NULL: no price."""


def _price(name: str, *owner: sa.schema.SchemaItem) -> sa.Table:
    rates = [sa.Column(rate, Big, sa.CheckConstraint(f"{rate} >= 0", name=f"{rate}_is_not_negative")) for rate in RATES]
    return table(
        name,
        *owner,
        key("price_id"),
        sa.Column("model", Text, sa.CheckConstraint("model = lower(model) AND model <> ''", name="model_is_lower"),
                  nullable=False),
        sa.Column("valid_from", Day, nullable=False),
        *rates,
        sa.Column("tiers", Json),
        flag("withdrawn"),
        sa.Column("source", Text, nullable=False),
        sa.Column("entered_at", When, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
    )  # fmt: skip


fx_rate = table(
    "fx_rate",
    key("fx_rate_id"),
    sa.Column("day", Day, nullable=False),
    sa.Column("base", Text, nullable=False),
    sa.Column("quote", Text, nullable=False),
    sa.Column("rate_nanos", Big, nullable=False),
    sa.Column("source", Text, nullable=False),
    sa.Column("entered_at", When, nullable=False),
    sa.Column("actor", Text, nullable=False),
    sa.CheckConstraint("rate_nanos > 0", name="rate_is_positive"),
    sa.CheckConstraint("length(base) = 3 AND length(quote) = 3 AND base <> quote", name="currencies"),
)
"""What one unit of `base` was worth in `quote` on a date, in exact nanos. Of equals by date the last entered holds."""

model_price = _price("model_price")
"""Prices that this installation sets for all its organizations, before genai-prices' list."""

model_price_override = _price("model_price_override", org_id(), refers("", "organization"))
"""One organization's own prices, before all others. `withdrawn` gives the model back to the others from its date."""
