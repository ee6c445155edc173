"""Exchange rates, the prices an installation sets, and each organization's own, with real rates of the dollar to begin.

Transactions name their `fx_rate_id` without a foreign key: rates belong to no organization, and keys lead with one.
"""

from __future__ import annotations

import csv
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path

import sqlalchemy as sa
from alembic import op

from creditbook.store.migrations.defend import (
    create_strict,
    drop_strict,
    enable_row_security,
    protect_history,
)
from creditbook.store.tables.base import Big, Bool, Day, Json, Text, When

revision = "0002_prices"
down_revision = "0001_ledger"
branch_labels = None
depends_on = None

RATES = ("input_picos", "cached_picos", "cache_write_picos", "output_picos", "reasoning_picos")
SOURCE = "ECB euro reference rates, INR by USD"


def upgrade() -> None:
    """Three histories; two of the installation, one of each organization."""
    rates = create_strict(
        "fx_rate",
        sa.Column("fx_rate_id", Big, primary_key=True, autoincrement=False),
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
    op.bulk_insert(rates, first_rates())
    create_prices("model_price")
    create_prices(
        "model_price_override",
        sa.Column("org_id", Big, primary_key=True, autoincrement=False),
        sa.ForeignKeyConstraint(["org_id"], ["organization.org_id"], ondelete="RESTRICT"),
    )
    for name in ("fx_rate", "model_price", "model_price_override"):
        protect_history(name)
    enable_row_security("model_price_override")


def create_prices(name: str, *owner: sa.schema.SchemaItem) -> None:
    columns = [
        sa.Column(rate, Big, sa.CheckConstraint(f"{rate} >= 0", name=f"{rate}_is_not_negative")) for rate in RATES
    ]
    create_strict(
        name,
        *owner,
        sa.Column("price_id", Big, primary_key=True, autoincrement=False),
        sa.Column("model", Text, sa.CheckConstraint("model = lower(model) AND model <> ''", name="model_is_lower"),
                  nullable=False),
        sa.Column("valid_from", Day, nullable=False),
        *columns,
        sa.Column("tiers", Json),
        sa.Column("withdrawn", Bool, nullable=False),
        sa.Column("source", Text, nullable=False),
        sa.Column("entered_at", When, nullable=False),
        sa.Column("actor", Text, nullable=False),
        sa.Column("reason", Text, nullable=False),
    )  # fmt: skip


def first_rates() -> list[dict[str, object]]:
    """Dollar in rupees per working day, crossed from what the ECB published for the euro, to nine decimals."""
    with Path(__file__).with_name("0002_prices.ecb.csv").open(encoding="utf-8", newline="") as file:
        published = [row for row in csv.reader(file) if not row[0].startswith(("#", "date"))]
    return [
        {
            "fx_rate_id": number,
            "day": date.fromisoformat(day),
            "base": "USD",
            "quote": "INR",
            "rate_nanos": int((Decimal(inr) / Decimal(usd) * 10**9).quantize(Decimal(1), ROUND_HALF_EVEN)),
            "source": SOURCE,
            "entered_at": datetime(2026, 10, 30, 16, tzinfo=UTC),
            "actor": "creditbook",
        }
        for number, (day, usd, inr) in enumerate(published, start=1)
    ]


def downgrade() -> None:
    """Rates and prices go; what they made of past transactions stands on those."""
    drop_strict("model_price_override", "model_price", "fx_rate")
