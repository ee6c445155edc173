"""Costs as they are frozen onto a transaction: whose price, which rate, and who sees a new one when."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from creditbook.domain.errors import InvalidRequest
from creditbook.domain.operations import NO_COST
from creditbook.pricing.pricer import UNPRICED, Pricer
from creditbook.pricing.rates import TokenUsage
from creditbook.pricing.setting import PriceTerms, enter_rates, set_price
from creditbook.store.engine import Store, open_store
from creditbook.store.tables.ledger import audit

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SPRING = datetime(2026, 3, 2, 12, tzinfo=UTC)
MILLION = TokenUsage(1_000_000, 0)
OURS, THEIRS = 7, 8


class Wall:
    """A monotonic clock that moves when it is told to."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    for org_id in (OURS, THEIRS):
        with opened.write(org_id) as connection:
            statement = (
                "INSERT INTO organization (org_id, slug, name, zone, currency, program_id, is_sample, created_at) "
                "VALUES (:org, :slug, :slug, 'UTC', 'USD', 1, :sample, :at)"
            )
            instant: object = 0 if opened.dialect == "sqlite" else NOW
            sample: object = 0 if opened.dialect == "sqlite" else False
            values = {"org": org_id, "slug": f"org-{org_id}", "sample": sample, "at": instant}
            connection.execute(sa.text(statement), values)
    yield opened
    opened.close()


def set_for(store: Store, org_id: int | None, dollars: str | None, since: date = date(2026, 1, 1)) -> int:
    terms = None if dollars is None else PriceTerms(input=dollars, output="2")
    return set_price(
        store, "M-Mid", terms, valid_from=since, org_id=org_id, source="contract", actor="asha", reason="agreed", at=NOW
    )


def enter(store: Store, day: date, rate_nanos: int) -> int:
    rates = [(day, rate_nanos)]
    return enter_rates(store, rates, base="USD", quote="INR", source="sample", actor="asha", at=NOW).added


def test_a_fresh_installation_knows_the_ecbs_rupee(store: Store) -> None:
    cost = Pricer(store).price(MILLION, "gpt-4o", datetime(2024, 8, 13, 9, tzinfo=UTC), org_id=OURS)
    assert cost.usd_nanos == 2_500_000_000
    assert cost.inr_nanos == 2_500_000_000 * 83_945_659_135 // 10**9 + 1 == 209_864_147_838
    assert cost.parts == {"input": 2_500_000_000, "cached": 0, "output": 0, "reasoning": 0}
    assert cost.price_version == "genai-prices 0.2.3: openai/gpt-4o"
    assert cost.fx_rate_id is not None
    assert not cost.unpriced


def test_2_45_dollars_at_the_fixtures_rate_are_203_35_rupees(store: Store) -> None:
    enter(store, date(2026, 11, 1), 83_000_000_000)
    cost = Pricer(store).reported("2.45", "the provider", NOW)
    assert (cost.usd_nanos, cost.inr_nanos) == (2_450_000_000, 203_350_000_000)
    assert cost.price_version == "as reported by the provider"


def test_an_unknown_model_is_unpriced_and_no_model_without_tokens_is_nothing(store: Store) -> None:
    pricer = Pricer(store)
    assert pricer.price(MILLION, "m-mid", NOW, org_id=OURS) == UNPRICED
    assert pricer.price(MILLION, "", NOW) == UNPRICED
    assert pricer.price(MILLION, None, NOW) == UNPRICED
    assert pricer.price(TokenUsage(), None, NOW) == NO_COST
    assert pricer.price(TokenUsage(), "m-mid", NOW) == NO_COST
    assert UNPRICED.unpriced
    assert not NO_COST.unpriced


def test_an_organizations_price_comes_before_the_installations_and_that_before_the_list(store: Store) -> None:
    pricer = Pricer(store, seconds_until_seen=0)
    set_for(store, None, "3")
    assert pricer.price(MILLION, "m-mid", SPRING, org_id=OURS).usd_nanos == 3_000_000_000
    set_for(store, OURS, "1.25")
    ours, theirs = (pricer.price(MILLION, "m-MID", SPRING, org_id=org_id) for org_id in (OURS, THEIRS))
    assert (ours.usd_nanos, theirs.usd_nanos) == (1_250_000_000, 3_000_000_000)
    assert ours.price_version == "organization price 1: m-mid from 2026-01-01 (contract)"
    assert theirs.price_version == "price 1: m-mid from 2026-01-01 (contract)"


def test_a_set_price_holds_from_its_date_until_it_is_withdrawn(store: Store) -> None:
    set_for(store, OURS, "1", date(2026, 3, 2))
    set_for(store, OURS, "4", date(2026, 5, 1))
    set_for(store, OURS, None, date(2026, 7, 1))
    pricer = Pricer(store)
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    costs = [
        pricer.price(MILLION, "m-mid", at, org_id=OURS).usd_nanos
        for at in (midnight - timedelta(microseconds=1), midnight, datetime(2026, 5, 1, tzinfo=UTC), NOW)
    ]
    assert costs == [None, 1_000_000_000, 4_000_000_000, None]


def test_of_two_prices_of_a_date_the_one_entered_last_holds(store: Store) -> None:
    set_for(store, OURS, "1")
    set_for(store, OURS, "5")
    assert Pricer(store).price(MILLION, "m-mid", SPRING, org_id=OURS).usd_nanos == 5_000_000_000


def test_what_is_not_priced_apart_costs_as_much_as_what_it_is_part_of(store: Store) -> None:
    terms = PriceTerms(input="2", output="10", cached="0.5")
    set_price(store, "m", terms, valid_from=date(2026, 1, 1), org_id=None, source="s", actor="a", reason="r", at=NOW)
    cost = Pricer(store).price(TokenUsage(1_000, 100, 400, 100, 60), "m", NOW)
    assert cost.parts == {"input": 1_200_000, "cached": 200_000, "output": 400_000, "reasoning": 600_000}


def test_output_without_a_price_is_unpriced(store: Store) -> None:
    terms = PriceTerms(input="2")
    set_price(store, "m", terms, valid_from=date(2026, 1, 1), org_id=None, source="s", actor="a", reason="r", at=NOW)
    assert Pricer(store).price(TokenUsage(10, 0), "m", NOW).usd_nanos == 20_000
    assert Pricer(store).price(TokenUsage(10, 1), "m", NOW) == UNPRICED


def test_another_process_prices_by_what_was_entered_within_five_seconds(store: Store) -> None:
    wall = Wall()
    other = Pricer(store, monotonic=wall)
    assert other.price(MILLION, "m-mid", SPRING, org_id=OURS) == UNPRICED
    set_for(store, OURS, "1")
    enter(store, SPRING.date(), 83_000_000_000)
    wall.seconds = 4.9
    assert other.price(MILLION, "m-mid", SPRING, org_id=OURS) == UNPRICED
    wall.seconds = 5.0
    cost = other.price(MILLION, "m-mid", SPRING, org_id=OURS)
    assert (cost.usd_nanos, cost.inr_nanos) == (1_000_000_000, 83_000_000_000)


def test_the_process_that_entered_it_need_not_wait(store: Store) -> None:
    pricer = Pricer(store, monotonic=Wall())
    assert pricer.price(MILLION, "m-mid", SPRING, org_id=OURS) == UNPRICED
    set_for(store, OURS, "1")
    pricer.forget()
    assert pricer.price(MILLION, "m-mid", SPRING, org_id=OURS).usd_nanos == 1_000_000_000


def test_between_looks_the_database_is_left_alone(store: Store) -> None:
    pricer = Pricer(store, monotonic=Wall())
    pricer.price(MILLION, "gpt-4o", NOW, org_id=OURS)
    statements: list[str] = []
    sa.event.listen(store.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    for _ in range(100):
        pricer.price(MILLION, "gpt-4o", NOW, org_id=OURS)
    assert statements == []


def test_a_file_of_rates_may_come_twice_and_a_corrected_one_counts(store: Store) -> None:
    day = date(2026, 11, 20)
    assert enter(store, day, 83_000_000_000) == 1
    assert enter(store, day, 83_000_000_000) == 0
    assert enter(store, day, 84_000_000_000) == 1
    assert enter(store, day, 83_000_000_000) == 1
    assert Pricer(store).reported(1, "x", NOW).inr_nanos == 83_000_000_000


def test_prices_entered_at_once_are_numbered_one_after_the_other(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        numbers = list(pool.map(lambda turn: set_for(store, OURS if turn % 2 else None, f"{turn}"), range(24)))
    assert sorted(numbers[1::2]) == sorted(numbers[::2]) == list(range(1, 13))


def test_rates_entered_at_once_from_the_same_file_stand_once(store: Store) -> None:
    rates = [(date(2026, 11, day), 83_000_000_000 + day) for day in range(1, 21)]

    def enter_all(_: int) -> int:
        done = enter_rates(store, rates, base="USD", quote="INR", source="sample", actor="asha", at=NOW)
        return done.added

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(enter_all, range(6))) == 20


def test_before_the_first_rate_there_are_dollars_and_no_rupees(store: Store) -> None:
    cost = Pricer(store).price(MILLION, "gpt-4o", datetime(2020, 1, 1, tzinfo=UTC))
    assert (cost.usd_nanos, cost.inr_nanos, cost.fx_rate_id) == (2_500_000_000, None, None)


def test_a_reported_cost_is_exact_and_not_negative(store: Store) -> None:
    pricer = Pricer(store)
    assert pricer.reported(Decimal("0.0001107"), "aider", NOW).usd_nanos == 110_700
    with pytest.raises(InvalidRequest, match="negative"):
        pricer.reported("-1", "aider", NOW)
    with pytest.raises(TypeError, match="binary float"):
        pricer.reported(0.1, "aider", NOW)  # type: ignore[arg-type]


@pytest.mark.parametrize("price", ["-1", "1e9999", "a dollar", "0.0000001", "1e12"])
def test_a_price_that_is_none_is_refused(store: Store, price: str) -> None:
    with pytest.raises(InvalidRequest):
        set_for(store, OURS, price)


def test_a_price_needs_a_model_a_reason_and_a_number(store: Store) -> None:
    for model, terms, reason in [
        ("", PriceTerms(input=1), "r"),
        ("m", PriceTerms(), "r"),
        ("m", PriceTerms(input="1"), " "),
    ]:
        with pytest.raises(InvalidRequest):
            set_price(
                store, model, terms, valid_from=NOW.date(), org_id=OURS, source="s", actor="a", reason=reason, at=NOW
            )


def test_setting_a_price_is_audited_with_what_held_before(store: Store) -> None:
    set_for(store, OURS, "1")
    set_for(store, OURS, "2")
    with store.read(OURS) as connection:
        acts = connection.execute(sa.select(audit).order_by(audit.c.audit_id)).all()
    assert [(act.act, act.subject, act.actor, act.reason) for act in acts] == [
        ("price.set", "m-mid", "asha", "agreed")
    ] * 2
    assert acts[0].before is None
    assert (acts[1].before["input_picos"], acts[1].after["input_picos"]) == (1_000_000, 2_000_000)


@pytest.mark.parametrize("statement", ["UPDATE {} SET source = 'x'", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["fx_rate", "model_price", "model_price_override"])
def test_rates_and_prices_are_history(store: Store, table: str, statement: str) -> None:
    set_for(store, None, "1")
    set_for(store, OURS, "1")
    with pytest.raises(sa.exc.DBAPIError), store.write(OURS) as connection:
        connection.exec_driver_sql(statement.format(table))


@pytest.mark.postgres
def test_no_organization_sees_anothers_price(postgres_url: str) -> None:
    store = open_store(postgres_url)
    with store.write(OURS) as connection:
        connection.exec_driver_sql(
            "INSERT INTO organization (org_id, slug, name, zone, currency, program_id, is_sample, created_at) "
            f"VALUES ({OURS}, 'o', 'o', 'UTC', 'USD', 1, false, now())"
        )
    set_for(store, OURS, "1")
    for org_id in (THEIRS, None):
        with store.read(org_id) as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM model_price_override").scalar_one() == 0
    planted = (
        "INSERT INTO model_price_override (org_id, price_id, model, valid_from, withdrawn, source, entered_at, actor, "
        f"reason) VALUES ({OURS}, 9, 'm', '2026-01-01', false, '', now(), '', '')"
    )
    with pytest.raises(sa.exc.DBAPIError, match="row-level security"), store.write(THEIRS) as connection:
        connection.exec_driver_sql(planted)
    store.close()
