"""What the server writes about its own work: one JSON object a line on standard error, and no secret in any of them."""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

ACCESS = "creditbook.access_log"
"""The logger of requests to the API."""

# Keys, bearer tokens, and the password of a database or mail address, wherever a library's message quotes one.
_SECRETS = (
    (re.compile(r"\bcb_[a-z0-9-]+_[A-Za-z0-9_-]{8,}"), "cb_…"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"), r"\1 …"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@/]+@"), r"\1:…@"),
    (re.compile(r"\b(?:sk|rk|whsec)_[A-Za-z0-9_]{8,}"), "…"),
)


def without_secrets(text: str) -> str:
    """The text, with every API key, bearer token and password in an address taken out."""
    for secret, instead in _SECRETS:
        text = secret.sub(instead, text)
    return text


class JsonLines(logging.Formatter):
    """A record as one line of JSON. What stands in its ``fields`` (`extra={"fields": {…}}`) become members too."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        said: dict[str, object] = {"at": at, "level": record.levelname, "logger": record.name}
        if message := record.getMessage():
            said["message"] = without_secrets(message)
        said |= getattr(record, "fields", {})
        if record.exc_info:
            said["exception"] = without_secrets(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False, default=str)


def begin(level: str) -> None:
    """Write everything of this level and above; nothing where somebody (a test, another server) has seen to it."""
    root = logging.getLogger()
    if root.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root.addHandler(handler)
    root.setLevel(level)
    logging.getLogger("alembic").setLevel(logging.WARNING)
