"""API keys: shown once, known by their digest, bound to an organization, rotated with overlap, revoked for good."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from support.people import Clock, House

from creditbook.access import NotAllowed, Principal
from creditbook.access.api_keys import ApiKeys, KeyRefused, Scope, ScopeMissing, authenticate
from creditbook.domain.errors import Conflict, InvalidRequest, LedgerError, NotFound
from creditbook.store.tables.ledger import api_key


@pytest.fixture
def keys(house: House) -> ApiKeys:
    return ApiKeys(house.store, house.clock)


@pytest.fixture
def clock(house: House) -> Clock:
    assert isinstance(house.clock, Clock)
    return house.clock


def test_a_key_names_its_organization_and_is_known_by_its_digest_alone(
    house: House, keys: ApiKeys, studio: Principal, clock: Clock
) -> None:
    made = keys.create(studio, "Website", "spend", reason="the website")
    assert made.text.startswith("cb_studio_")
    found = authenticate(house.store, f" {made.text}\n", clock.now)
    assert (found.org_id, found.org_slug, found.actor) == (studio.org_id, "studio", "key:Website")
    assert found.scopes == {"read", "spend"}
    with house.store.read(studio.org_id) as connection:
        row = connection.execute(sa.select(api_key)).one()
    secret = made.text.removeprefix("cb_studio_")
    assert not any(secret in str(value) for value in row)
    assert row.shown == made.text[:16]


@pytest.mark.parametrize("wrong", ["", "cb_studio_", "cb_studio_nonsense", "cb_nobody_x", "sk_studio_x", "cb__", "_"])
def test_what_is_no_key_is_refused_with_one_wording(
    house: House, keys: ApiKeys, studio: Principal, clock: Clock, wrong: str
) -> None:
    keys.create(studio, "Website", "spend", reason="the website")
    with pytest.raises(KeyRefused, match="not valid"):
        authenticate(house.store, wrong, clock.now)


def test_a_key_under_another_organizations_name_is_none(
    house: House, keys: ApiKeys, studio: Principal, teams: Principal, clock: Clock
) -> None:
    text = keys.create(studio, "Website", "admin", reason="x").text
    with pytest.raises(KeyRefused):
        authenticate(house.store, text.replace("cb_studio_", "cb_teams_"), clock.now)
    assert keys.every(teams) == []


@pytest.mark.parametrize(
    ("scope", "may"), [("read", {"read"}), ("spend", {"read", "spend"}), ("admin", {"read", "spend", "admin"})]
)
def test_each_scope_includes_the_narrower_ones(
    house: House, keys: ApiKeys, studio: Principal, clock: Clock, scope: Scope, may: set[Scope]
) -> None:
    found = authenticate(house.store, keys.create(studio, "k", scope, reason="x").text, clock.now)
    for wanted in ("read", "spend", "admin"):
        if wanted in may:
            found.need(wanted, "studio/asha")
        else:
            with pytest.raises(ScopeMissing):
                found.need(wanted)


def test_a_key_of_one_account_reaches_no_other_and_no_other_organization(
    house: House, keys: ApiKeys, studio: Principal, clock: Clock
) -> None:
    house.account(studio, "asha")
    bound = authenticate(
        house.store, keys.create(studio, "k", "spend", account="asha", reason="x").text, clock.now
    )  # fmt: skip
    bound.need("spend", "studio/asha")
    for other in ("studio/kabir", "studio", "teams/asha"):
        with pytest.raises(NotFound):
            bound.need("read", other)
    free = authenticate(house.store, keys.create(studio, "k", "spend", reason="x").text, clock.now)
    free.need("spend", "studio/kabir")
    with pytest.raises(NotFound):
        free.need("read", "teams/asha")


def test_a_key_ends_at_its_instant(house: House, keys: ApiKeys, studio: Principal, clock: Clock) -> None:
    ends = clock.now + timedelta(hours=1)
    text = keys.create(studio, "k", "read", expires_at=ends, reason="x").text
    authenticate(house.store, text, ends - timedelta(microseconds=1))
    with pytest.raises(KeyRefused):
        authenticate(house.store, text, ends)


def test_rotation_lets_both_work_for_the_overlap(house: House, keys: ApiKeys, studio: Principal, clock: Clock) -> None:
    old = keys.create(studio, "Website", "spend", reason="x")
    new = keys.rotate(studio, old.key_id, overlap=timedelta(days=1), reason="a year has passed")
    assert new.text != old.text
    before, after = (authenticate(house.store, text, clock.now) for text in (old.text, new.text))
    assert before.scopes == after.scopes
    states = {key.key_id: key.state(clock.now) for key in keys.every(studio)}
    assert states == {old.key_id: "ending", new.key_id: "active"}
    with pytest.raises(Conflict, match="being replaced"):
        keys.rotate(studio, old.key_id, overlap=timedelta(), reason="again")
    clock.pass_(days=1)
    with pytest.raises(KeyRefused):
        authenticate(house.store, old.text, clock.now)
    authenticate(house.store, new.text, clock.now)


def test_rotating_never_prolongs_a_key(house: House, keys: ApiKeys, studio: Principal, clock: Clock) -> None:
    ends = clock.now + timedelta(hours=1)
    old = keys.create(studio, "k", "read", expires_at=ends, reason="x")
    assert keys.rotate(studio, old.key_id, overlap=timedelta(days=30), reason="x").expires_at == ends
    assert {key.expires_at for key in keys.every(studio)} == {ends}


def test_a_revoked_key_is_refused_at_once_and_cannot_be_revoked_again(
    house: House, keys: ApiKeys, studio: Principal, clock: Clock
) -> None:
    made = keys.create(studio, "k", "admin", reason="x")
    keys.revoke(studio, made.key_id, reason="it leaked")
    with pytest.raises(KeyRefused):
        authenticate(house.store, made.text, clock.now)
    with pytest.raises(Conflict):
        keys.revoke(studio, made.key_id, reason="again")


def test_nobody_touches_another_organizations_key(keys: ApiKeys, studio: Principal, teams: Principal) -> None:
    made = keys.create(studio, "k", "read", reason="x")
    with pytest.raises(NotFound):
        keys.revoke(teams, made.key_id, reason="x")
    with pytest.raises(NotFound):
        keys.rotate(teams, made.key_id, overlap=timedelta(), reason="x")


def test_the_last_use_is_kept_to_the_minute(house: House, keys: ApiKeys, studio: Principal, clock: Clock) -> None:
    text = keys.create(studio, "k", "read", reason="x").text

    def seen() -> datetime | None:
        return keys.every(studio)[0].last_used_at

    assert seen() is None
    authenticate(house.store, text, clock.now)
    first = clock.now
    clock.pass_(seconds=59)
    authenticate(house.store, text, clock.now)
    assert seen() == first
    clock.pass_(seconds=1)
    authenticate(house.store, text, clock.now)
    assert seen() == clock.now


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"name": "x" * 61}, {"scope": "write"}, {"expires_at": datetime(2020, 1, 1, tzinfo=UTC)},
     {"account": "nobody"}, {"reason": "  "}],
)  # fmt: skip
def test_what_is_wrong_with_a_key_is_told_and_nothing_is_made(
    keys: ApiKeys, studio: Principal, wrong: dict[str, object]
) -> None:
    terms = {"name": "k", "scope": "read", "reason": "x"} | wrong
    with pytest.raises((InvalidRequest, NotFound)):
        keys.create(studio, terms.pop("name"), terms.pop("scope"), **terms)  # type: ignore[arg-type]
    assert keys.every(studio) == []


def test_only_an_administrator_of_now_makes_keys(house: House, keys: ApiKeys, studio: Principal) -> None:
    nisha = house.person(studio, "nisha", "admin")
    principal = house.principal("nisha")
    keys.create(principal, "k", "read", reason="x")
    house.person(studio, "second", "admin")
    house.access.people.change_role(studio, nisha, "user", reason="steps down")
    with pytest.raises(NotAllowed):
        keys.create(principal, "k", "read", reason="x")


def test_every_act_is_audited_and_no_secret_stands_in_the_log(house: House, keys: ApiKeys, studio: Principal) -> None:
    made = keys.create(studio, "Website", "spend", reason="the website")
    new = keys.rotate(studio, made.key_id, overlap=timedelta(hours=1), reason="leaving")
    keys.revoke(studio, new.key_id, reason="it leaked")
    rows = house.audit(studio)
    assert [(row.act, row.subject, row.reason) for row in rows] == [
        ("key.create", "Website", "the website"),
        ("key.rotate", "Website", "leaving"),
        ("key.revoke", "Website", "it leaked"),
    ]
    for text in (made.text, new.text):
        assert not any(text.split("_", 2)[2] in str(row) for row in rows)


def test_a_sample_key_is_told_again_as_it_is(house: House, keys: ApiKeys, studio: Principal, clock: Clock) -> None:
    first = keys.create(studio, "sample", "read", secret="0123456789abcdef", reason="sample data")
    assert keys.create(studio, "sample", "read", secret="0123456789abcdef", reason="sample data") == first
    assert len(keys.every(studio)) == 1
    assert authenticate(house.store, first.text, clock.now).key_id == first.key_id


def test_a_refusal_is_a_sentence() -> None:
    for refusal in (KeyRefused(), ScopeMissing("spend")):
        assert isinstance(refusal, LedgerError)
        assert str(refusal).endswith(".")
