"""What an account used: every figure equals a sum over its transactions and entries."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from support.spent_account import TODAY, SpentAccount

from creditbook.access.values import Principal
from creditbook.reports import usage
from creditbook.reports.usage import UsageFilter
from creditbook.store.engine import Store

MONTH = UsageFilter(TODAY - timedelta(days=29), TODAY)


def raw(store: Store, what: str, **given: object) -> list[sa.Row[tuple[object, ...]]]:
    with store.read(1) as connection:
        return list(connection.execute(sa.text(what), given).all())


def test_charged_tokens_equal_the_entries_of_usage(store: Store, rows: SpentAccount, asha: Principal) -> None:
    found = usage.total(store, asha, MONTH)
    sql = (
        "SELECT -sum(e.amount) FROM entry e JOIN ledger_transaction t USING (org_id, txn_id) "
        "WHERE t.account_id = 100 AND t.kind = :kind AND t.account_date BETWEEN :first AND :last"
    )
    span = {"first": MONTH.first.isoformat(), "last": MONTH.last.isoformat()}
    assert found.charged == int(raw(store, sql, kind="usage", **span)[0][0]) > 0
    assert found.refunded == -int(raw(store, sql, kind="refund", **span)[0][0]) == 700
    assert found.net_charged == found.charged - 700


def test_model_tokens_and_requests_equal_the_transactions(store: Store, rows: SpentAccount, asha: Principal) -> None:
    found = usage.by(store, asha, MONTH, "agent", "model")
    sql = (
        "SELECT agent, model, count(*), sum(input_tokens), sum(output_tokens), sum(cost_usd_nanos) "
        "FROM ledger_transaction WHERE account_id = 100 "
        "AND kind = 'usage' AND account_date BETWEEN :first AND :last GROUP BY agent, model"
    )
    span = {"first": MONTH.first.isoformat(), "last": MONTH.last.isoformat()}
    expected = {(r[0], r[1]): tuple(int(v or 0) for v in r[2:]) for r in raw(store, sql, **span)}
    got = {k: (v.requests, v.input_tokens, v.output_tokens, v.cost_usd_nanos) for k, v in found.items() if v.requests}
    assert got == expected
    assert found["code", "unheard-of-1"].unpriced == found["code", "unheard-of-1"].requests > 0


def test_days_without_usage_stand_in_the_series_as_zero(store: Store, rows: SpentAccount, asha: Principal) -> None:
    long = UsageFilter(TODAY - timedelta(days=60), TODAY)
    days = usage.series(usage.by(store, asha, long, "account_date"), long)
    assert len(days) == 61
    assert days[0] == (long.first, usage.Usage())
    assert sum(u.charged for _, u in days) == usage.total(store, asha, long).charged


@pytest.mark.parametrize("agents", [("srs",), ("code",), ("srs", "code")])
def test_a_filter_by_agent_keeps_only_that_agent(
    store: Store, rows: SpentAccount, asha: Principal, agents: tuple[str, ...]
) -> None:
    wanted = UsageFilter(MONTH.first, MONTH.last, agents=agents)
    assert {k[0] for k in usage.by(store, asha, wanted, "agent")} == set(agents)
    assert usage.names(store, asha, "agent") == ["code", "srs"]


def test_nothing_used_is_zero_everywhere(store: Store, rows: SpentAccount, asha: Principal) -> None:
    assert usage.total(store, asha, UsageFilter(date(2020, 1, 1), date(2020, 1, 31))) == usage.Usage()


def test_the_period_before_has_the_same_length_and_touches(store: Store, rows: SpentAccount) -> None:
    earlier = usage.before(MONTH)
    assert (earlier.last, (earlier.last - earlier.first).days) == (MONTH.first - timedelta(days=1), 29)


def test_another_organization_sees_nothing(store: Store, rows: SpentAccount, asha: Principal) -> None:
    other = SpentAccount(org_id=2, account_id=100)
    other.write(store)
    foreign = Principal(
        person_id=2,
        user_name="x",
        name="X",
        role="user",
        org_id=2,
        org_slug="org2",
        org_name="Two",
        zone="UTC",
        account_id=100,
    )
    assert usage.total(store, foreign, MONTH) == usage.Usage()
    assert usage.total(store, asha, MONTH).requests > 0
