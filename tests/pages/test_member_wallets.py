"""An administrator opens a wallet for a member, and switches one off and on (program 2: 5 + 10 = 15)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from streamlit.testing.v1 import AppTest
from support.people import House

from creditbook.access import Principal, console
from creditbook.installation import installation
from creditbook.programs.loader import load_program
from creditbook.site import PAGES
from creditbook.ui import member_wallets
from creditbook.ui.session import TEST_COOKIE

PAGE = str(PAGES / "admin" / "members.py")


@pytest.fixture
def grace(house: House) -> Principal:
    """The administrator of an organization that runs `wallets`; Asha is a member with an account."""
    ledger = installation().ledger
    made = ledger.create_organization("wallets", load_program("wallets"), actor="console")
    org = console(made.org_id, made.slug, made.name, made.zone)
    house.person(org, "grace", "admin")
    ledger.open_account("wallets/asha", actor="console")
    house.access.people.give_account(org, house.person(org, "asha"), "asha", reason="test")
    principal = house.who(house.sign_in("grace"))
    assert principal is not None
    return principal


def sheet(house: House, grace: Principal) -> AppTest:
    """The page with Asha's sheet open."""
    asha = next(m for m in house.access.people.members(grace) if m.user_name == "asha")
    at = AppTest.from_file(PAGE, default_timeout=20)
    at.session_state[TEST_COOKIE] = house.sign_in("grace")
    at.query_params["member"] = str(asha.person_id)
    return at.run()


def available() -> int | None:
    return installation().ledger.balance("wallets/asha").available


def test_the_dialog_offers_the_programs_five_tokens_for_thirty_days(house: House, grace: Principal) -> None:
    at = sheet(house, grace)
    at.button(key="act-wallets").click().run()
    assert not at.exception
    assert at.number_input(key="wallet-tokens").value == 5
    assert at.selectbox(key="wallet-type").value == "PREMIUM"
    assert any("gets a wallet (bought) with **5** tokens, through" in text.value for text in at.markdown)


def test_ten_premium_tokens_beside_the_five_of_the_day_are_fifteen(house: House, grace: Principal) -> None:
    asha = next(m for m in house.access.people.members(grace) if m.user_name == "asha")
    last = installation().clock().date() + timedelta(days=30)
    member_wallets.opened(asha, "PREMIUM", 10, last).run(grace, "Thanks for the interview", "key-1")
    assert available() == 15
    opened = next(w for w in installation().ledger.balance("wallets/asha").wallets if w.type == "PREMIUM")
    assert opened.expires_at == datetime.combine(last + timedelta(days=1), time(), UTC)


def test_without_a_reason_nothing_can_be_confirmed(house: House, grace: Principal) -> None:
    at = sheet(house, grace)
    at.button(key="act-wallets").click().run()
    assert at.button(key="deed-confirm").disabled


def test_opening_a_wallet_is_undone_by_switching_it_off(house: House, grace: Principal) -> None:
    asha = next(m for m in house.access.people.members(grace) if m.user_name == "asha")
    deed = member_wallets.opened(asha, "BONUS", 7, None)
    deed.run(grace, "prize", "key-1")
    assert available() == 12
    assert deed.undo is not None
    deed.undo().run(grace, "wrong person", "key-2")
    assert available() == 5


def test_a_wallet_switched_off_blocks_its_tokens_until_it_is_on_again(house: House, grace: Principal) -> None:
    asha = next(m for m in house.access.people.members(grace) if m.user_name == "asha")
    (standard,) = installation().ledger.balance("wallets/asha").wallets
    deed = member_wallets.switched(asha, standard)
    deed.run(grace, "abuse", "key-1")
    balance = installation().ledger.balance("wallets/asha")
    assert (balance.available, balance.blocked) == (0, 5)
    assert deed.undo is not None
    deed.undo().run(grace, "cleared up", "key-2")
    assert available() == 5


def test_every_wallet_act_stands_in_the_audit_log_with_its_reason(house: House, grace: Principal) -> None:
    asha = next(m for m in house.access.people.members(grace) if m.user_name == "asha")
    begun = len(house.audit(grace))
    deed = member_wallets.opened(asha, "PREMIUM", 3, None)
    deed.run(grace, "a prize", "key-1")
    assert deed.undo is not None
    deed.undo().run(grace, "not hers", "key-2")
    rows = house.audit(grace)[begun:]
    assert [(row.actor, row.reason) for row in rows] == [("grace", "a prize"), ("grace", "not hers")]
