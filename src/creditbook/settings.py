"""What the environment says about this installation, read once into one value (docs: README, "Settings")."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

DEFAULT_DATABASE_URL = "sqlite:///data/creditbook.db"
DEFAULT_PORT = 8501
_YES = {"1", "true", "yes", "on"}
_NO = {"", "0", "false", "no", "off"}


class SettingsError(ValueError):
    """A variable of the environment can't be used; the message names it and says what it may hold."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation's settings.

    `database_url` and `reports_url` are SQLAlchemy URLs; without a replica `reports_url` is None and reports read
    the database itself. `base_url` is the public address without a trailing slash, None when nothing was said.
    `cookie_secure` is true behind TLS.
    """

    database_url: str = DEFAULT_DATABASE_URL
    reports_url: str | None = None
    base_url: str | None = None
    cookie_secure: bool = False
    log_level: str = "INFO"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Reads the CREDITBOOK_… variables (an empty one counts as unset). Raises SettingsError."""
        given = os.environ if environ is None else environ
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
        )

    def link(self, **query: str) -> str:
        """An address that a person can open: the dashboard's, with this query."""
        base = self.base_url or f"http://127.0.0.1:{DEFAULT_PORT}"
        return f"{base}/?{urlencode(query)}" if query else f"{base}/"


def _flag(given: Mapping[str, str], name: str, *, default: bool) -> bool:
    if name not in given:
        return default
    value = given[name].strip().lower()
    if value not in _YES | _NO:
        raise SettingsError(f"{name} is {given[name]!r}; write true or false.")
    return value in _YES


def _log_level(given: Mapping[str, str]) -> str:
    level = given.get("CREDITBOOK_LOG_LEVEL", "").strip().upper() or "INFO"
    if level not in logging.getLevelNamesMapping():
        raise SettingsError(f"CREDITBOOK_LOG_LEVEL is {level!r}; write DEBUG, INFO, WARNING or ERROR.")
    return level
