from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from creditbook.ingest.checking import RowCheck
from creditbook.ingest.mapping import FieldMap, make_map
from creditbook.ingest.times import TimeReader
from creditbook.ingest.values import Notes, RawRow, UsageRow
from creditbook.sources.fields import BadRow, Record

NOW = datetime(2026, 3, 9, tzinfo=UTC)
GOOD: Record = {"account": "asha", "event_at": "2026-03-02T10:00:00Z", "model": "gpt-4o", "input_tokens": "9"}
COLUMNS = (
    "account", "event_at", "action", "agent", "model", "input_tokens", "output_tokens", "cached_tokens",
    "reasoning_tokens", "tokens", "project", "description", "id", "cost_usd",
)  # fmt: skip


class Checker:
    def __init__(self, mapping: FieldMap | None = None) -> None:
        self.notes = Notes()
        seen: Counter[bytes] = Counter()

        def before(digest: bytes) -> int:
            seen[digest] += 1
            return seen[digest] - 1

        made = mapping or make_map({}, {}, COLUMNS, [])
        self._check = RowCheck("studio", made, TimeReader(None, self.notes), before, self.notes)

    def __call__(self, **fields: object) -> UsageRow:
        return self._check.row(RawRow(1, {**GOOD, **fields}), NOW)


def test_a_good_row_becomes_what_the_ledger_takes() -> None:
    row = Checker()(output_tokens=4.0, cached_tokens="3", tokens="1200", action="srs", cost_usd="0.0123456789")
    assert (row.account, row.action, row.model) == ("asha", "srs", "gpt-4o")
    assert (row.input_tokens, row.output_tokens, row.cached_tokens, row.tokens) == (9, 4, 3, 1200)
    assert row.event_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert row.cost_usd_nanos == 12_345_679


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"account": ""}, "The row names no account."),
        ({"account": "teams/asha"}, "another organization's"),
        ({"event_at": ""}, "The row has no time."),
        ({"event_at": "soon"}, "is not a time"),
        ({"event_at": "2026-03-09T00:06Z"}, "lies in the future"),
        ({"input_tokens": "-1"}, "can't be negative"),
        ({"input_tokens": "12.5"}, "no whole number"),
        ({"input_tokens": 12.5}, "no whole number"),
        ({"input_tokens": "many"}, "no whole number"),
        ({"input_tokens": "1e400000000"}, "no whole number"),
        ({"input_tokens": float("inf")}, "no whole number"),
        ({"input_tokens": True}, "no number"),
        ({"input_tokens": 10**13}, "no request is that large"),
        ({"cached_tokens": 10}, "10 cached tokens are more than the 9 input tokens"),
        ({"reasoning_tokens": 1}, "1 reasoning tokens are more than the 0 output tokens"),
        ({"cost_usd": "-1"}, "is negative"),
        ({"cost_usd": "free"}, "not an amount"),
        ({"model": "a\x00b"}, "no text"),
        ({"model": "\udcff"}, "no text"),
        ({"model": "m" * 201}, "201 characters"),
        ({"model": {"name": "gpt"}}, "an object"),
    ],
)
def test_a_bad_row_is_refused_with_its_reason(fields: dict[str, object], reason: str) -> None:
    with pytest.raises(BadRow, match=reason):
        Checker()(**fields)


def test_an_account_may_be_written_with_its_organization_and_the_pool_by_its_name() -> None:
    check = Checker()
    assert check(account="studio/asha").account == "asha"
    assert check(account="studio").account == ""


def test_equal_rows_have_keys_of_their_own_and_the_same_ones_again_next_time() -> None:
    first, second = Checker(), Checker()
    keys = [first().key, first().key, first(model="o3").key]
    assert len(set(keys)) == 3
    assert keys == [second().key, second().key, second(model="o3").key]


def test_the_key_covers_what_is_set_by_hand() -> None:
    by_hand = Checker(make_map({}, {"project": "p1"}, COLUMNS, []))
    assert by_hand().key != Checker()().key


def test_the_key_is_the_same_from_every_format() -> None:
    assert Checker()(input_tokens=9).key == Checker()(input_tokens="9").key
    assert Checker()(event_at=datetime(2026, 3, 2, 10, tzinfo=UTC)).key == Checker()().key


def test_a_row_with_an_id_is_keyed_by_it_alone() -> None:
    check = Checker()
    assert check(id="req-1").key == check(id="req-1", model="o3").key == "import:id:req-1"


def test_what_is_odd_but_taken_is_counted() -> None:
    check = Checker()
    check(model=None)
    assert check.notes.sentences() == ["1 rows name no model."]
