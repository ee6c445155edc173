"""Alerts: a word by e-mail, webhook or chat when a balance runs low or a budget is used up, once per crossing."""

from .checking import AlertReport
from .everything import check

__all__ = ["AlertReport", "check"]
