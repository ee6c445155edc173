"""The server's log: one JSON object a line, and never a secret in it."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

import pytest

from creditbook.logs import JsonLines, without_secrets


def line(message: str, **more: Any) -> dict[str, Any]:
    record = logging.LogRecord("creditbook.test", logging.INFO, __file__, 1, message, (), None)
    record.__dict__.update(more)
    text = JsonLines().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_record_is_one_line_of_json_with_its_fields() -> None:
    said = line("two\nlines of “ünïcode”", fields={"status": 200, "organization": None})
    assert (said["level"], said["logger"], said["status"]) == ("INFO", "creditbook.test", 200)
    assert said["message"] == "two\nlines of “ünïcode”"
    assert said["at"].endswith("+00:00")


def test_a_record_without_a_message_has_none() -> None:
    assert "message" not in line("", fields={"status": 200})


@pytest.mark.parametrize(
    "secret",
    [
        "cb_acme_Kx8f0w2mA-91_zzQ",
        "Authorization: Bearer Kx8f0w2mA91zzQ",
        "postgresql+psycopg://creditbook:Kx8f0w2m@db.internal/creditbook",
        "sk_live_Kx8f0w2mA91zzQ",
    ],
)
def test_a_secret_that_a_message_or_an_error_quotes_is_taken_out(secret: str) -> None:
    assert "Kx8f" not in without_secrets(f"could not use {secret} here")
    try:
        raise RuntimeError(secret)
    except RuntimeError:
        said = line(f"failed with {secret}", exc_info=sys.exc_info())
    assert "Kx8f" not in json.dumps(said)
    assert "RuntimeError" in said["exception"]


def test_what_is_no_secret_stays() -> None:
    plain = "GET https://credits.example/api?x=1 of cb_acme at 12:30, key 42"
    assert without_secrets(plain) == plain
