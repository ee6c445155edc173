"""Alerts: a word by e-mail, webhook or chat when a balance runs low or is about to run out, once per crossing."""

from .checking import AlertReport, check

__all__ = ["AlertReport", "check"]
