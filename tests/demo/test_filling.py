from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import MovedClock, a_ledger
from typer.testing import CliRunner

from creditbook.access import Access, console
from creditbook.access.api_keys import authenticate
from creditbook.alerts.budgets import Budgets
from creditbook.demo.filling import SLUGS, Demo, fill
from creditbook.demo.play import Player
from creditbook.domain.errors import Conflict
from creditbook.ledger.ledger import ledger_on
from creditbook.reports.proof import prove
from creditbook.settings import Settings
from creditbook.store import sources
from creditbook.store.directory import organization_by_slug
from creditbook.store.engine import Store, open_store
from creditbook.store.tables.ledger import account, hold, ledger_transaction, purchase

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def filled(store: Store, at: datetime = NOW, **terms: Any) -> Demo:
    return fill(store, lambda: at, **{"seed": 1, "days": 40, "users": 10, "tell": lambda *_: None, **terms})


@pytest.fixture(scope="module")
def played(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Demo]:
    """A demo in a SQLite file, played once for all tests that look at one."""
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    shutil.copy(sqlite_template, path)
    store = open_store(f"sqlite:///{path}")
    made = filled(store)
    store.close()
    return path, made


@pytest.fixture
def store(played: tuple[Path, Demo], tmp_path: Path) -> Iterator[Store]:
    """A copy of that demo."""
    opened = open_store(f"sqlite:///{shutil.copy(played[0], tmp_path / 'demo.db')}")
    yield opened
    opened.close()


@pytest.fixture
def empty(database_url: str) -> Iterator[Store]:
    opened = open_store(database_url)
    yield opened
    opened.close()


def org_id_of(store: Store, slug: str) -> int:
    found = organization_by_slug(store, slug)
    assert found is not None
    return found.org_id


def kinds(store: Store, slug: str) -> dict[str, int]:
    org_id = org_id_of(store, slug)
    counted = (
        sa.select(ledger_transaction.c.kind, sa.func.count())
        .where(ledger_transaction.c.org_id == org_id)
        .group_by(ledger_transaction.c.kind)
    )
    with store.read(org_id) as connection:
        return {row.kind: row[1] for row in connection.execute(counted)}


def balances(store: Store) -> dict[str, Any]:
    names = ("asha", "rohan", "priya", "vikram", "ananya", "kabir", "diya", "arjun")
    with ledger_on(store, clock=MovedClock(NOW + timedelta(seconds=40))) as ledger:
        return {name: ledger.balance(f"studio/{name}") for name in names}


def figures(store: Store) -> list[Any]:
    """What tells two demos apart: transactions by kind, and what people have."""
    held = [(one.posted, one.held, one.available, one.debt, one.status) for one in balances(store).values()]
    return [*(kinds(store, slug) for slug in SLUGS), held]


def test_people_of_every_role_can_sign_in_with_the_printed_passwords(store: Store, played: tuple[Path, Demo]) -> None:
    sessions = Access(store, lambda: NOW).sessions
    for organization in played[1].organizations:
        assert {login.role for login in organization.people} == {"user", "admin", "finance"}
        for login in organization.people[:3]:
            assert sessions.sign_in(login.username, login.password, address="127.0.0.1", browser="b")


def test_the_demo_holds_what_the_screens_must_show(store: Store, played: tuple[Path, Demo]) -> None:
    assert set(played[1].refusals) <= {"InsufficientTokens", "AccountFrozen", "LimitExceeded"}
    assert kinds(store, "studio").keys() >= {
        "usage", "purchase", "promo", "reward", "reset", "rollover", "expiry", "refund", "revocation", "adjustment",
    }  # fmt: skip
    assert kinds(store, "daily").keys() >= {"usage", "reset", "expiry", "referral", "reward"}
    assert kinds(store, "wallets").keys() >= {"usage", "reset", "expiry", "purchase", "refund", "adjustment"}
    assert kinds(store, "credits").keys() >= {"usage", "plan_change", "reset", "refund"}
    assert kinds(store, "teams").keys() >= {"usage", "plan_change", "purchase", "grant"}
    has = balances(store)
    assert has["asha"].held > 0
    assert has["vikram"].status == "frozen"
    assert has["ananya"].available == 640
    assert has["arjun"].available == 0
    assert has["diya"].debt > 0
    org_id = org_id_of(store, "studio")
    with store.read(org_id) as connection:
        states = set(connection.execute(sa.select(hold.c.status).where(hold.c.org_id == org_id)).scalars())
    assert states >= {"open", "captured", "voided"}


def test_finance_watches_budgets_whatever_the_month_has_cost(store: Store) -> None:
    org_id = org_id_of(store, "studio")
    who = console(org_id, "studio", "Studio", "Asia/Kolkata")
    budgets = Budgets(store, who, Settings.from_environment(), lambda: NOW).listed()
    assert [one.terms.name for one in budgets] == ["All models", "Claude Sonnet", "Code agent"]


def test_subscriptions_are_in_every_state_that_one_can_have(store: Store) -> None:
    org_id = org_id_of(store, "credits")
    wanted = sa.select(account.c.plan, account.c.term_status).where(account.c.org_id == org_id)
    with store.read(org_id) as connection:
        states = {tuple(row) for row in connection.execute(wanted)}
    assert states >= {
        ("free", "active"), ("pro", "active"), ("enterprise", "active"), ("pro", "cancelling"), ("pro", "past_due"),
        ("free", "lapsed"),
    }  # fmt: skip


def test_a_team_spends_its_pool_under_quotas_and_codes_and_requests_wait_for_the_screens(store: Store) -> None:
    with ledger_on(store, clock=MovedClock(NOW + timedelta(seconds=40))) as ledger:
        pool = ledger.balance("teams")
        assert pool.available is not None
        assert 0 < pool.available < 1_900
        assert ledger.balance("teams", feature="goal_generation").available in range(15, 20)  # a bar that is red
        quotas = {name: ledger.balance(f"teams/{name}").quota_left for name in ("amelia", "harry", "poppy")}
        assert quotas["amelia"] is None
        assert quotas["harry"] is not None
        assert len(ledger.codes("studio")) == 3 + 25
        assert {row.terms.code: row.redeemed for row in ledger.codes("studio") if not row.batch}["LAUNCH50"] == 1
        assert [one.request["tokens"] for one in ledger.approvals("studio")] == [150_000]


def test_sales_are_in_the_states_that_a_person_looks_at(store: Store) -> None:
    org_id = org_id_of(store, "studio")
    with store.read(org_id) as connection:
        wanted = sa.select(purchase.c.status, purchase.c.refunded_minor).where(purchase.c.org_id == org_id)
        found = {tuple(row) for row in connection.execute(wanted)}
    assert {status for status, _ in found} >= {"granted", "pending", "disputed"}
    assert 4_950 in {refunded for _, refunded in found}


def test_usage_arrives_by_itself_in_two_organizations_and_some_of_it_waits(store: Store) -> None:
    for slug, kind in (("studio", "otlp"), ("teams", "litellm")):
        org_id = org_id_of(store, slug)
        with store.read(org_id) as connection:
            (source,) = sources.every(connection, org_id)
            ever = sources.totals(connection, org_id)[source.source_id]
            reasons = {row.reason for row in sources.reasons(connection, org_id, source.source_id)}
        assert (source.kind, source.mode) == (kind, "meter")
        assert ever.booked > ever.waiting > 0
        assert {"It names no account.", "There is no such account."} <= reasons


def test_people_may_register_themselves_in_the_demo(store: Store) -> None:
    with ledger_on(store, clock=MovedClock(NOW)) as ledger:
        assert all(ledger.program(slug).self_registration for slug in SLUGS)


def test_its_books_are_whole(store: Store) -> None:
    assert [finding for proof in prove(store) for finding in proof.findings if finding.broken] == []


def test_the_demo_run_again_writes_nothing_new_and_tells_the_same_passwords(
    store: Store, played: tuple[Path, Demo]
) -> None:
    before = figures(store)
    again = filled(store, NOW + timedelta(days=3), days=60, users=14, seed=5)
    assert again.acts == 0
    assert again.organizations == played[1].organizations
    assert figures(store) == before


def test_an_interrupted_demo_goes_on_to_the_same_end_on_either_database(
    empty: Store, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    play, count = Player.play, 0

    def interrupted(self: Player, act: Any) -> None:
        nonlocal count
        count += 1
        if count == 500:
            raise KeyboardInterrupt
        play(self, act)

    monkeypatch.setattr(Player, "play", interrupted)
    with pytest.raises(KeyboardInterrupt):
        filled(empty)
    monkeypatch.setattr(Player, "play", play)
    filled(empty, NOW + timedelta(hours=1), seed=9)
    assert figures(empty) == figures(store)


def test_the_demo_is_refused_where_real_data_is(database_url: str, empty: Store) -> None:
    a_ledger(database_url, MovedClock()).close()
    with pytest.raises(Conflict, match=r"holds real data \(the organizations acme\)"):
        filled(empty)


def test_the_command_tells_who_can_sign_in_and_leaves_a_whole_demo_alone(
    store: Store, installed_at: Callable[[str], None]
) -> None:
    from creditbook.cli import cli

    installed_at(store.url)
    result = CliRunner().invoke(cli, ["demo", "--json"])
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [organization["slug"] for organization in told["organizations"]] == list(SLUGS)
    assert {"username", "password", "role"} <= told["organizations"][0]["people"][0].keys()
    assert told["acts"] == 0
    for organization in told["organizations"]:
        assert organization["program"] == organization["slug"]
        for scope, text in organization["api_keys"].items():
            key = authenticate(store, text, NOW)
            assert (key.org_slug, scope in key.scopes) == (organization["slug"], True)
        assert organization["api_keys"].keys() == {"read", "spend", "admin"}
    for_people = CliRunner().invoke(cli, ["demo"]).stdout
    assert "nothing new was written" in for_people
    assert told["organizations"][2]["people"][0]["password"] in for_people
