"""Providers' bills and settlements by their documented columns. The samples are ours, and so are their figures."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from creditbook.domain.errors import InvalidRequest
from creditbook.ingest.invoices import NotMapped, read_bill
from creditbook.ingest.settlements import read_settlement
from creditbook.reports.finance.reconciling import BillLine

SAMPLES = Path(__file__).parents[1] / "data" / "bills"
FIRST = date(2026, 11, 1)


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def test_openais_usage_is_read_and_days_without_requests_are_left_out() -> None:
    bill = read_bill(sample("openai_usage.csv"))
    assert (bill.provider, bill.kind, bill.refused, len(bill.lines)) == ("openai", "OpenAI usage", [], 2)
    assert bill.lines[0] == BillLine(FIRST, "gpt-4o-2024-08-06", 2, 3_000, 300, 0)


def test_openais_costs_name_the_model_before_the_comma() -> None:
    bill = read_bill(sample("openai_costs.csv"))
    assert [(line.model, line.usd_nanos) for line in bill.lines] == [
        ("gpt-4o-2024-08-06", 7_500_000), ("gpt-4o-2024-08-06", 3_000_000), ("gpt-4o-2024-08-06", 3_500_000),
    ]  # fmt: skip


def test_anthropics_input_is_the_sum_of_its_kinds() -> None:
    (line,) = read_bill(sample("anthropic_usage.csv")).lines
    assert (line.input_tokens, line.cached_tokens, line.output_tokens) == (1_000, 100, 50)


def test_another_file_asks_which_column_is_which_and_guesses() -> None:
    content = b"Date,Model,Prompt Tokens,Completion Tokens,Cost\n2026-11-01,m-1,10,2,$0.50\n2026-11-02,m-1,x,2,1\n"
    with pytest.raises(NotMapped) as asked:
        read_bill(content)
    assert asked.value.guess == {
        "day": "Date", "model": "Model", "input_tokens": "Prompt Tokens", "output_tokens": "Completion Tokens",
        "cost": "Cost",
    }  # fmt: skip
    bill = read_bill(content, asked.value.guess)
    assert bill.lines == [BillLine(FIRST, "m-1", None, 10, 2, None, 500_000_000)]
    assert bill.refused == ["Line 3: “x” is no whole number."]


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"one column\n1\n"])
def test_what_is_no_table_is_refused_with_a_sentence(content: bytes) -> None:
    with pytest.raises(InvalidRequest):
        read_bill(content)


def test_another_currency_is_refused_by_its_line() -> None:
    bill = read_bill(sample("openai_costs.csv").replace(b"0.003,usd", b"0.003,eur"))
    assert len(bill.lines) == 2
    assert bill.refused == ["Line 3: The amount is in EUR; costs are compared in dollars."]


def test_stripes_lines_carry_every_name_of_their_payment_and_add_up() -> None:
    file = read_settlement(sample("stripe_payouts.csv"))
    assert (file.provider, [line.kind for line in file.lines]) == ("stripe", ["payment", "payment", "refund", "payout"])
    first = file.lines[0]
    assert (first.gross_minor, first.fee_minor, first.net_minor, first.adds_up) == (149_900, 3_538, 146_362, True)
    assert first.references == ("pi_sample_1", "ch_sample_1", "txn_sample_1")
    assert sum(line.net_minor for line in file.lines) == 0


def test_razorpays_fee_names_its_tax_and_its_refund_goes_out() -> None:
    paid, back = read_settlement(sample("razorpay_recon.csv")).lines
    assert (paid.fee_minor, paid.fee_tax_minor, paid.net_minor, paid.adds_up) == (3_538, 540, 146_362, True)
    assert (back.kind, back.gross_minor, back.net_minor, back.references[0]) == (
        "refund",
        -49_900,
        -49_900,
        "pay_sample_9",
    )
    assert paid.day == date(2026, 11, 3)


def test_a_settlement_of_another_kind_is_refused_whole() -> None:
    with pytest.raises(InvalidRequest, match="no settlement that is known here"):
        read_settlement(sample("openai_usage.csv"))
