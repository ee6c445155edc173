"""What the fields of a program are called, and their values, as people read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from creditbook.domain.program import Program
from creditbook.programs.editing import Change

from .format import DASH, full, plural
from .money import money

FIELDS = {
    "accounts": "Accounts", "action": "On this action", "allowances": "Allowances", "approval_above": "Approval above",
    "currency": "Currency", "default_plan": "Default plan", "enforcement": "Enforcement", "estimate": "Typical run",
    "every": "Every", "feature": "Feature", "features": "Features", "first_label": "First one is called",
    "first_purchase": "First purchase only", "formula": "Formula", "friend_tokens": "Friend gets",
    "grace_days": "Days of grace", "grant_class": "Kind of tokens", "inclusive": "Included in prices", "label": "Label",
    "lifetime_days": "Expires after", "low_balance_tokens": "Low balance below",
    "max_request_tokens": "Tokens a request, at most", "name": "Name", "once": "How often",
    "overrun": "When work takes more than is there", "packages_url": "Where to buy", "per_account": "Per account",
    "plans": "Plans", "plural": "Plural", "pool_plan": "Plan of the pool", "popular": "Most popular",
    "price_minor": "Price", "pricing": "Pricing", "rank": "Rank", "rate": "Rate", "ready_action": "Main action",
    "ready_tokens": "Tokens it needs", "referrer_tokens": "Referrer gets", "requests_per_day": "Requests a day",
    "rollover": "Rolls over", "rollover_cap": "Rolls over at most", "self_registration": "Sign-up without invitation",
    "singular": "Singular", "tagline": "Tagline", "title": "Title", "tokens": "Tokens",
    "tokens_per_credit": "Tokens a credit", "total_limit": "Redeemed at most", "unlimited": "Unlimited",
    "valid_from": "From day", "valid_through": "Through day", "wallet": "Wallet",
    "wallet_tokens": "A new wallet gets", "when": "Paid at", "zone": "Time zone",
}  # fmt: skip
PARTS = {"plans": "Plan", "actions": "Action", "packages": "Package", "promo_codes": "Promo code",
         "rewards": "Reward", "referral": "Referral", "tax": "Tax", "unit": "Unit"}  # fmt: skip
EVERY = {"day": "day", "calendar_month": "calendar month", "anniversary_month": "month from its start",
         "days_30": "30 days"}  # fmt: skip
PRICING = {"fixed": "Fixed", "actual": "What it used", "formula": "Formula"}
AT_ONCE = "At once"
NEXT_PERIOD = "Each account's next period"
NEW_CODES = "New codes; those that are out keep their terms"
_SHARES = {"rollover", "rate"}
_DAYS = {"lifetime_days", "grace_days"}


def field_name(name: str) -> str:
    """What people call a field."""
    return FIELDS.get(name, name.replace("_", " ").capitalize())


def where(change: Change, before: Program, after: Mapping[str, Any]) -> str:
    """The place of a change in words: ``Plan Pro · Allowance 1 · Tokens``."""
    head, *rest = change.path
    said = [PARTS.get(str(head), field_name(str(head)))]
    if rest and str(head) in ("plans", "actions", "packages", "promo_codes", "rewards"):
        said[0] += f" {_title(str(head), str(rest.pop(0)), before, after)}"
    for step in rest:
        if isinstance(step, int):
            said[-1] = f"Allowance {step + 1}"
        else:
            said.append(field_name(step))
    return " · ".join(said)


def _title(part: str, slug: str, before: Program, after: Mapping[str, Any]) -> str:
    table = (after.get(part) or {}).get(slug)
    old = getattr(before, part).get(slug)
    return str((table or {}).get("title") or getattr(old, "title", "") or slug)


def said(name: str, value: Any, currency: str) -> str:
    """One value as people read it; a whole table by its main fields."""
    if isinstance(value, Mapping):
        return _table(value, currency)
    if value is None or value == "":
        return DASH
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if name == "price_minor":
        return money(value, currency)
    if name in _DAYS:
        return plural(value, "day")
    if name in _SHARES:
        return share(value)
    if isinstance(value, int):
        return full(value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(str(one) for one in value) or "None"
    return {**EVERY, **PRICING}.get(str(value), str(value)) if name in ("every", "pricing") else str(value)


def _table(table: Mapping[str, Any], currency: str) -> str:
    """A plan, package, allowance … in one line."""
    shown = ("title", "tokens", "price_minor", "pricing", "formula", "every", "wallet")
    parts = []
    for name in shown:
        value = table.get(name)
        if value not in (None, "", 0):
            what = said(name, value, currency)
            parts.append(f"{what} tokens" if name == "tokens" else f"every {what}" if name == "every" else what)
    parts += [f"{full(one['tokens'])} tokens every {EVERY.get(one['every'], one['every'])}"
              for one in table.get("allowances") or ()]  # fmt: skip
    return ", ".join(parts) or "There"


def share(text: str) -> str:
    """A share as people write it: ``50%``, ``1/3``."""
    percent = Fraction(text) * 100
    return f"{percent}%" if percent.denominator == 1 else text


def acts(change: Change, before: Program) -> str:
    """When a change acts (rule 31): what is priced at once, what a plan gives in each account's next period."""
    if change.part == "promo_codes":
        return NEW_CODES
    if change.part == "zone":
        return "Nowhere: the organization keeps the zone that it was made with"
    if change.part != "plans" or (change.path[-1] in ("title", "tagline", "popular")):
        return AT_ONCE
    if change.is_table and change.after is None:
        return "Nobody can choose it any more"
    plan = before.plans.get(str(change.path[1]))
    if plan is None:
        return "Can be chosen at once"
    return NEXT_PERIOD if plan.term is not None else AT_ONCE
