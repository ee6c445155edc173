"""`creditbook price` and `creditbook fx`, run as a person types them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from support.ledgers import PROGRAM
from typer.testing import CliRunner, Result

from creditbook.commands.exchange import fx
from creditbook.commands.pricing import price
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.installation import installation


@pytest.fixture(autouse=True)
def _installed(installed_at: Callable[[str], None], database_url: str) -> None:
    installed_at(database_url)


def run(app: typer.Typer, *words: str) -> Result:
    result = CliRunner().invoke(app, words)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def said(app: typer.Typer, *words: str) -> Any:
    return json.loads(run(app, *words, "--json").stdout)


def test_a_price_is_set_from_a_date_on_and_shown() -> None:
    words = ("set", "M-Mid", "--input", "1.25", "--output", "2", "--from", "2026-03-01", "--reason", "contract")
    assert run(price, *words).stdout == (
        "From 2026-03-01 (UTC) on, in every organization, M-Mid costs $1.25 input, $1.25 cached, $1.25 cache write, "
        "$2 output, $2 reasoning per million tokens. What is booked keeps its cost.\n"
    )
    assert said(price, "show", "m-mid", "--on", "2026-02-28")["rate"] is None
    shown = said(price, "show", "m-mid", "--on", "2026-03-01")["rate"]
    assert shown["version"] == "price 1: m-mid from 2026-03-01 (set by hand)"
    assert shown["dollars_per_million"]["input"] == "1.25"


def test_a_withdrawn_price_gives_the_model_back_to_the_list() -> None:
    run(price, "set", "gpt-4o", "--input", "1", "--output", "1", "--from", "2026-03-01", "--reason", "trial")
    run(price, "set", "gpt-4o", "--withdraw", "--from", "2026-04-01", "--reason", "trial over")
    on = {day: said(price, "show", "gpt-4o", "--on", day)["rate"]["version"] for day in ("2026-03-31", "2026-04-01")}
    assert on["2026-03-31"].startswith("price 1")
    assert on["2026-04-01"].startswith("genai-prices")


def test_what_cant_be_set_is_refused_with_a_sentence() -> None:
    with pytest.raises(InvalidRequest, match="Give at least the price"):
        run(price, "set", "m", "--reason", "r")
    with pytest.raises(InvalidRequest, match="not both"):
        run(price, "set", "m", "--withdraw", "--input", "1", "--reason", "r")
    with pytest.raises(InvalidRequest, match="is no date"):
        run(price, "set", "m", "--input", "1", "--from", "1.3.2026", "--reason", "r")
    with pytest.raises(NotFound, match="nowhere"):
        run(price, "set", "m", "--input", "1", "--org", "nowhere", "--reason", "r")


def test_a_file_of_rates_is_entered_once(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("date,rate\n2026-11-02,83.00\n2026-11-03,eighty\n2026-11-04,83.25\n", encoding="utf-8-sig")
    words = ("import", str(file), "--source", "sample")
    assert said(fx, *words, "--dry-run")["added"] == 2
    first = said(fx, *words)
    assert (first["added"], first["unchanged"], len(first["refused"])) == (2, 0, 1)
    assert first["refused"][0].startswith("Line 3: “eighty”")
    again = said(fx, *words)
    assert (again["added"], again["unchanged"]) == (0, 2)
    shown = said(fx, "show", "--on", "2026-11-03")
    assert (shown["day"], shown["rate"], shown["source"]) == ("2026-11-02", "83", "sample")


def test_a_file_without_one_rate_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "rates.csv"
    file.write_text("date,rate\n2026-11-02,\n", encoding="utf-8")
    assert run(fx, "import", str(file), "--source", "sample").exit_code == 1


def test_the_shipped_rates_are_the_ecbs() -> None:
    shown = said(fx, "show", "--on", "2026-11-01")
    assert (shown["day"], shown["rate"]) == ("2026-10-30", "94.955245256")
    assert shown["source"] == "ECB euro reference rates, INR by USD"
    assert run(fx, "show", "--on", "2020-01-01").exit_code == 1


def test_an_old_rate_says_so_wherever_it_is_shown() -> None:
    shown = said(fx, "show", "--on", "2026-11-05")
    assert (shown["business_days_old"], shown["stale"]) == (4, True)
    assert "is 4 business days old on 2026-11-05" in run(fx, "show", "--on", "2026-11-05").stdout
    assert not said(fx, "show", "--on", "2026-11-03")["stale"]


def test_rates_are_listed_with_who_entered_them_the_one_that_holds_first() -> None:
    for rate in ("94.9", "95.1"):
        run(fx, "set", rate, "--on", "2030-01-04", "--source", "our bank", "--by", "asha")
    listed = said(fx, "list", "--last", "3")["rates"]
    assert [(row["day"], row["rate"], row["entered_by"]) for row in listed[:2]] == [
        ("2030-01-04", "95.1", "asha"),
        ("2030-01-04", "94.9", "asha"),
    ]
    assert listed[2]["source"].startswith("ECB")


def test_without_a_provider_fetching_says_how_to_have_one() -> None:
    with pytest.raises(InvalidRequest, match="CREDITBOOK_FX_URL"):
        run(fx, "fetch")


def test_what_has_no_price_is_listed_and_corrected_once_it_has_one() -> None:
    ledger = installation().ledger
    ledger.create_organization("acme", PROGRAM)
    ledger.open_account("acme/asha", plan="bare")
    ledger.spend("acme/asha", action="chat", model="House-1", input_tokens=1_000_000)
    (line,) = said(price, "list", "--org", "acme", "--unpriced")["models"]
    assert (line["model"], line["unpriced"], line["origin"], line["rate"]) == ("House-1", 1, "none", None)
    run(price, "set", "house-1", "--input", "1.25", "--from", "2026-01-01", "--org", "acme", "--reason", "contract")
    words = ("correct", "house-1", "--org", "acme", "--reason", "contract")
    foreseen = said(price, *words, "--dry-run")
    assert (foreseen["requests"], foreseen["usd_nanos"]) == (1, 1_250_000_000)
    assert run(price, *words).stdout.startswith("1 request corrected by +$1.250000 (+₹")
    assert said(price, *words)["corrected"] == 0
    assert run(price, "list", "--org", "acme", "--unpriced").stdout == "Every request has a price.\n"
