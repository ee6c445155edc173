"""Packages and actions edited as tables: one row each, added and removed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd
import streamlit as st
from babel.numbers import get_currency_precision

from creditbook.domain.program import Action, Package, WalletType

from .catalog_draft import Draft
from .catalog_words import PRICING
from .kinds import wallet_name
from .page import card, head
from .tables import ROW_HEIGHT

FILLABLE = [kind.value for kind in WalletType if kind is not WalletType.ROLLOVER]
"""Wallets that something can be put into by name."""
_PACKAGE = {"title": "", "wallet": "PREMIUM", "popular": False, "tagline": "", "lifetime_days": None, "features": None}
_ACTION = {"pricing": "fixed", "title": "", "feature": "", "formula": "", "tokens": 0, "estimate": 0}


@dataclass(frozen=True, slots=True)
class Money:
    """A price as it is typed, in units of a currency, and as it is kept, in minor ones."""

    currency: str

    @property
    def digits(self) -> int:
        """How many digits stand after the point."""
        return int(get_currency_precision(self.currency))

    @property
    def format(self) -> str:
        """How number fields print it."""
        return f"%.{self.digits}f"

    def shown(self, minor: int) -> float:
        """₹ 99.00 of 9,900 paise."""
        return float(Decimal(minor).scaleb(-self.digits))

    def minor(self, typed: Any) -> int | None:
        """9,900 paise of 99; None where nothing was typed, or more digits than the currency has."""
        try:
            exact = Decimal(str(typed)).scaleb(self.digits)
            return int(exact) if exact == exact.to_integral_value() else None
        except (InvalidOperation, ValueError, OverflowError):
            return None


def features(there: Draft) -> list[str]:
    """Every feature that an action of the draft spends for."""
    return sorted({one.get("feature") or name for name, one in there.document["actions"].items()})


def packages(there: Draft) -> None:
    """The packages of the draft as a table to edit; what is typed goes straight into it."""
    money = Money(there.document["currency"])
    rows = [{**_only(one, _PACKAGE), "slug": slug, "tokens": one["tokens"], "price": money.shown(one["price_minor"])}
            for slug, one in sorted(there.seed["packages"].items(), key=_price)]  # fmt: skip
    order = ["title", "tokens", "price", "slug", "wallet", "lifetime_days", "popular", "tagline", "features"]
    column = st.column_config
    columns = {
        "title": column.TextColumn("Package", required=True, width=130),
        "tokens": column.NumberColumn("Tokens", min_value=1, step=1, required=True, width=100, format="localized"),
        "price": column.NumberColumn(f"Price ({money.currency})", min_value=0, required=True, width=110,
                                     format=money.format),
        "slug": column.TextColumn("Short name", width=110, help="In addresses and the API: a–z, 0–9, - and _",
                                  required=True, validate="^[a-z0-9][a-z0-9_-]{0,62}$"),
        "wallet": column.SelectboxColumn("Goes into", options=FILLABLE, required=True, default="PREMIUM", width=110,
                                         format_func=in_words),
        "lifetime_days": column.NumberColumn("Days", min_value=1, step=1, width=70, help="Empty: never expires"),
        "popular": column.CheckboxColumn("Popular", default=False, width=80),
        "tagline": column.TextColumn("Tagline", width=180),
        "features": column.MultiselectColumn("Only for", options=features(there), width=160, help="Empty: everything"),
    }  # fmt: skip
    with card("edit-packages"):
        head("Packages", "Type into a cell; the last row adds one; choose rows to remove them. They act at once.")
        typed = _edited(rows, order, columns, f"packages-{there.turn}")
    there.document["packages"] = _by_name("slug", [_package(row, money) for row in typed])


def _price(item: tuple[str, Mapping[str, Any]]) -> int:
    return item[1]["price_minor"] or 0


def _package(row: Mapping[str, Any], money: Money) -> dict[str, Any]:
    lifetime, only = row.get("lifetime_days"), row.get("features")
    return {**_texts(row, Package.__slots__), "tokens": whole(row.get("tokens")), "popular": bool(row.get("popular")),
            "price_minor": money.minor(row.get("price")),
            "lifetime_days": whole(lifetime) if said(lifetime) else None,
            "features": sorted(only) if isinstance(only, list) and only else None}  # fmt: skip


def actions(there: Draft) -> None:
    """The actions of the draft as a table to edit."""
    rows = [{**_only(one, _ACTION), "name": name} for name, one in there.seed["actions"].items()]
    order = ["title", "pricing", "tokens", "formula", "estimate", "name", "feature"]
    column = st.column_config
    columns = {
        "title": column.TextColumn("Action", width=160),
        "pricing": column.SelectboxColumn("Pricing", options=list(PRICING), format_func=lambda one: PRICING[str(one)],
                                          required=True, default="fixed", width=120),
        "tokens": column.NumberColumn("Tokens", min_value=0, step=1, default=0, width=90, format="localized",
                                      help="Of a fixed price"),
        "formula": column.TextColumn("Formula", width=300, help="Such as 500 + 200 * pictures + ceil(tokens / 100)"),
        "estimate": column.NumberColumn("Typical run", min_value=0, step=1, default=0, width=110, format="localized"),
        "name": column.TextColumn("Name in the API", required=True, width=150),
        "feature": column.TextColumn("Feature", width=130, help="Empty: its own name"),
    }  # fmt: skip
    with card("edit-actions"):
        head("Actions", "What work costs. The last row adds one; choose rows to remove them. They act at once.")
        typed = _edited(rows, order, columns, f"actions-{there.turn}")
    there.document["actions"] = _by_name("name", [_action(row) for row in typed])


def _action(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **_texts(row, Action.__slots__),
        "tokens": whole(row.get("tokens"), 0),
        "estimate": whole(row.get("estimate"), 0),
    }


def _edited(rows: list[dict[str, Any]], order: list[str], columns: dict[str, Any], key: str) -> list[dict[str, Any]]:
    frame = pd.DataFrame(rows, columns=order).astype(object)
    edited = st.data_editor(frame, column_config=columns, column_order=order, num_rows="dynamic", hide_index=True,
                            row_height=ROW_HEIGHT, height="content", placeholder="", key=key)  # fmt: skip
    return records(edited)


def records(edited: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of an edited table."""
    return [{str(name): value for name, value in row.items()} for row in edited.to_dict("records")]


def _by_name(key: str, found: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows by their names. A second row of one name gets a name that no program can have, and is told."""
    named: dict[str, Any] = {}
    for row in found:
        name = str(row[key])
        while name in named:
            name += " (again)"
        named[name] = {**row, key: name}
    return named


def _only(table: Mapping[str, Any], usual: Mapping[str, Any]) -> dict[str, Any]:
    return {name: table.get(name, default) for name, default in usual.items()}


def in_words(wallet: object) -> str:
    """What people call a kind of wallet."""
    return wallet_name(str(wallet), "")


def _texts(row: Mapping[str, Any], names: Any) -> dict[str, str]:
    skip = {"tokens", "price_minor", "lifetime_days", "popular", "features", "estimate"}
    return {name: str(row[name]).strip() if said(row.get(name)) else "" for name in names if name not in skip}


def said(value: Any) -> bool:
    """Whether a cell holds anything."""
    return isinstance(value, list) or not pd.isna(value)


def whole(value: Any, missing: int | None = None) -> int | None:
    """A whole number as the table gives it; what is none stays as typed, for the check to name it."""
    if not said(value):
        return missing
    number = float(value)
    return int(number) if number.is_integer() else value
