"""What the environment says about this installation, read once into one value (docs: README, "Settings")."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

DEFAULT_DATABASE_URL = "sqlite:///data/creditbook.db"
DEFAULT_PORT = 8501
DEFAULT_API_RATE = (2_000, 1)
VARIABLES = (
    "CREDITBOOK_ALERTS_PRIVATE_HOSTS",
    "CREDITBOOK_API_RATE_LIMIT",
    "CREDITBOOK_BASE_URL",
    "CREDITBOOK_COOKIE_SECURE",
    "CREDITBOOK_DATABASE_URL",
    "CREDITBOOK_FX_URL",
    "CREDITBOOK_LOG_LEVEL",
    "CREDITBOOK_METRICS_TOKEN",
    "CREDITBOOK_RAZORPAY_KEY_ID",
    "CREDITBOOK_RAZORPAY_KEY_SECRET",
    "CREDITBOOK_RAZORPAY_WEBHOOK_SECRET",
    "CREDITBOOK_REPORTS_URL",
    "CREDITBOOK_SIGNING_KEY_FILE",
    "CREDITBOOK_SMTP_URL",
    "CREDITBOOK_STRIPE_API_KEY",
    "CREDITBOOK_STRIPE_WEBHOOK_SECRET",
    "CREDITBOOK_SWEEP_SECONDS",
)
"""All that is read of the environment: asked at every request, so that these are looked up and no more."""
_SECONDS = {"second": 1, "minute": 60, "hour": 3_600}
_RATE = re.compile(r"(?P<requests>[1-9]\d{0,5})\s*/\s*(?P<many>[1-9]\d{0,2})?\s*(?P<unit>second|minute|hour)s?")
_YES = {"1", "true", "yes", "on"}
_NO = {"", "0", "false", "no", "off"}


class SettingsError(ValueError):
    """A variable of the environment can't be used; the message names it and says what it may hold."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation's settings.

    `database_url` and `reports_url` are SQLAlchemy URLs; without a replica `reports_url` is None and reports read
    the database itself. `base_url` is the public address without a trailing slash, None when nothing was said.
    `cookie_secure` is true behind TLS. `sweep_seconds` is how often the server settles what is due, 0 for never. What
    talks to payment providers and mail is None when unset, and off then. `alerts_to_private_hosts` lets people's alerts
    reach hosts of a private network (docs/alerts.md). `fx_url` is where exchange rates may be fetched from, None for
    nowhere. `signing_key_file` holds the Ed25519 key (PEM) that signs exported proofs, None for unsigned ones.
    `api_rate` is how many requests one API key may make in how many seconds, None for any number. `metrics_token` is
    what a reader of `/api/metrics` has to send as its bearer token, None for everybody.
    """

    database_url: str = DEFAULT_DATABASE_URL
    reports_url: str | None = None
    base_url: str | None = None
    cookie_secure: bool = False
    log_level: str = "INFO"
    sweep_seconds: int = 60
    stripe_api_key: str | None = field(default=None, repr=False)
    stripe_webhook_secret: str | None = field(default=None, repr=False)
    razorpay_key_id: str | None = None
    razorpay_key_secret: str | None = field(default=None, repr=False)
    razorpay_webhook_secret: str | None = field(default=None, repr=False)
    smtp_url: str | None = field(default=None, repr=False)
    alerts_to_private_hosts: bool = False
    fx_url: str | None = None
    signing_key_file: str | None = None
    api_rate: tuple[int, int] | None = DEFAULT_API_RATE
    metrics_token: str | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the CREDITBOOK_… variables (an empty one counts as unset). Raises SettingsError."""
        if environ is None:
            return _of_values(tuple(map(os.environ.get, VARIABLES)))
        given = environ
        base_url = given.get("CREDITBOOK_BASE_URL", "").strip().rstrip("/") or None
        if base_url is not None and not base_url.startswith(("http://", "https://")):
            raise SettingsError(f"CREDITBOOK_BASE_URL is {base_url!r}; it must begin with http:// or https://.")
        return cls(
            database_url=given.get("CREDITBOOK_DATABASE_URL", "").strip() or DEFAULT_DATABASE_URL,
            reports_url=given.get("CREDITBOOK_REPORTS_URL", "").strip() or None,
            base_url=base_url,
            cookie_secure=_flag(
                given, "CREDITBOOK_COOKIE_SECURE", default=base_url is not None and base_url.startswith("https://")
            ),
            log_level=_log_level(given),
            sweep_seconds=_seconds(given, "CREDITBOOK_SWEEP_SECONDS", 60),
            stripe_api_key=_said(given, "CREDITBOOK_STRIPE_API_KEY"),
            stripe_webhook_secret=_said(given, "CREDITBOOK_STRIPE_WEBHOOK_SECRET"),
            razorpay_key_id=_said(given, "CREDITBOOK_RAZORPAY_KEY_ID"),
            razorpay_key_secret=_said(given, "CREDITBOOK_RAZORPAY_KEY_SECRET"),
            razorpay_webhook_secret=_said(given, "CREDITBOOK_RAZORPAY_WEBHOOK_SECRET"),
            smtp_url=_said(given, "CREDITBOOK_SMTP_URL"),
            alerts_to_private_hosts=_flag(given, "CREDITBOOK_ALERTS_PRIVATE_HOSTS", default=False),
            fx_url=_said(given, "CREDITBOOK_FX_URL"),
            signing_key_file=_said(given, "CREDITBOOK_SIGNING_KEY_FILE"),
            api_rate=_rate(given),
            metrics_token=_said(given, "CREDITBOOK_METRICS_TOKEN"),
        )

    def link(self, **query: str) -> str:
        """An address that a person can open: the dashboard's, with this query."""
        base = self.base_url or f"http://127.0.0.1:{DEFAULT_PORT}"
        return f"{base}/?{urlencode(query)}" if query else f"{base}/"


@lru_cache(maxsize=16)
def _of_values(values: tuple[str | None, ...]) -> Settings:
    found = zip(VARIABLES, values, strict=True)
    return Settings.from_environment({name: value for name, value in found if value is not None})


def _said(given: Mapping[str, str], name: str) -> str | None:
    return given.get(name, "").strip() or None


def _flag(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    if name not in given:
        return default
    value = given[name].strip().lower()
    if value not in _YES | _NO:
        raise SettingsError(f"{name} is {given[name]!r}; write true or false.")
    return value in _YES


def _seconds(given: Mapping[str, str], name: str, default: int) -> int:
    said = given.get(name, "").strip()
    if said and not (said.isascii() and said.isdigit()):
        raise SettingsError(f"{name} is {given[name]!r}; write whole seconds, or 0 to leave it out.")
    return int(said) if said else default


def _rate(given: Mapping[str, str]) -> tuple[int, int] | None:
    said = given.get("CREDITBOOK_API_RATE_LIMIT", "").strip().lower()
    if not said:
        return DEFAULT_API_RATE
    if said in _NO:
        return None
    found = _RATE.fullmatch(said)
    if found is None:
        raise SettingsError(
            f"CREDITBOOK_API_RATE_LIMIT is {said!r}; write 100/second, 600/minute, 50/10 seconds or off."
        )
    return int(found["requests"]), int(found["many"] or 1) * _SECONDS[found["unit"]]


def _log_level(given: Mapping[str, str]) -> str:
    level = given.get("CREDITBOOK_LOG_LEVEL", "").strip().upper() or "INFO"
    if level not in logging.getLevelNamesMapping():
        raise SettingsError(f"CREDITBOOK_LOG_LEVEL is {level!r}; write DEBUG, INFO, WARNING or ERROR.")
    return level
