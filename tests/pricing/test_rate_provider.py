"""Fetching exchange rates, from a real server on loopback."""

from __future__ import annotations

import io
import threading
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from creditbook.domain.errors import InvalidRequest, Unavailable
from creditbook.pricing.pricer import Pricer
from creditbook.pricing.rate_provider import fetch_rates
from creditbook.pricing.setting import enter_rates
from creditbook.store.engine import Store, open_store

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
FRIDAY = date(2026, 11, 20)
SAMPLES = Path(__file__).parents[1] / "data" / "rates"


class Bank(ThreadingHTTPServer):
    """Answers every GET with what a test puts here."""

    body, status, location = b"", 200, ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/rates.csv"


class _Counter(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        bank = self.server
        assert isinstance(bank, Bank)
        self.send_response(bank.status)
        if bank.location:
            self.send_header("Location", bank.location)
        self.end_headers()
        self.wfile.write(bank.body)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def bank() -> Iterator[Bank]:
    with Bank(("127.0.0.1", 0), _Counter) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def store(sqlite_url: str) -> Iterator[Store]:
    opened = open_store(sqlite_url)
    yield opened
    opened.close()


def test_what_the_bank_answers_is_entered_once_with_its_name(bank: Bank, store: Store) -> None:
    bank.body = (SAMPLES / "rbi_archive.csv").read_bytes()
    first, again = (fetch_rates(store, bank.url, at=NOW, actor="cron") for _ in range(2))
    assert (first.added, again.added, again.unchanged) == (2, 0, 2)
    row = Pricer(store).rupees_on(FRIDAY)
    assert row is not None
    assert (row.rate_nanos, row.source) == (95_012_500_000, "fetched from 127.0.0.1")


def test_a_rate_that_a_person_entered_is_not_changed_by_a_machine(bank: Bank, store: Store) -> None:
    enter_rates(store, [(FRIDAY, 94_000_000_000)], base="USD", quote="INR", source="our bank", actor="asha", at=NOW)
    bank.body = (SAMPLES / "rbi_archive.csv").read_bytes()
    assert fetch_rates(store, bank.url, at=NOW, actor="cron").added == 1
    row = Pricer(store).rupees_on(FRIDAY)
    assert row is not None
    assert row.source == "our bank"


def test_the_ecbs_zip_is_opened_and_one_of_two_files_is_refused(bank: Bank, store: Store) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.write(SAMPLES / "ecb_hist.csv", "eurofxref-hist.csv")
    bank.body = packed.getvalue()
    assert fetch_rates(store, bank.url, at=NOW, actor="cron", dry_run=True).added == 2
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("another.csv", "")
    bank.body = packed.getvalue()
    with pytest.raises(InvalidRequest, match="one file of rates"):
        fetch_rates(store, bank.url, at=NOW, actor="cron")


def test_a_bank_that_is_closed_or_gone_is_told_in_a_sentence(bank: Bank, store: Store) -> None:
    bank.status = 503
    with pytest.raises(Unavailable, match=r"127\.0\.0\.1 answered 503"):
        fetch_rates(store, bank.url, at=NOW, actor="cron")
    with pytest.raises(Unavailable, match="can't be reached"):
        fetch_rates(store, "http://127.0.0.1:9/rates.csv", at=NOW, actor="cron")


def test_an_address_or_a_redirect_to_anything_but_https_is_refused(bank: Bank, store: Store) -> None:
    bank.status, bank.location = 302, "http://rates.example/eurofxref.csv"
    for url in ("file:///etc/passwd", "http://rates.example/", bank.url):
        with pytest.raises(InvalidRequest, match="https://"):
            fetch_rates(store, url, at=NOW, actor="cron")


def test_an_answer_that_is_no_file_of_rates_is_refused_and_nothing_is_entered(bank: Bank, store: Store) -> None:
    bank.body = b"<html>Good morning</html>"
    with pytest.raises(InvalidRequest, match="The file needs a heading"):
        fetch_rates(store, bank.url, at=NOW, actor="cron")
