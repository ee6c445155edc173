"""Prices: what has no price, a price set with whose cost it changes, and exchange rates that say how old they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from creditbook.domain.errors import LedgerError
from creditbook.pricing.repricing import Proposal
from creditbook.pricing.setting import PriceTerms, enter_rates
from creditbook.reports.finance import prices
from creditbook.ui.finance import price_form, price_preview, rates

PAGE = "admin/prices.py"


@pytest.fixture
def lead(visit: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    visit.clock.at = datetime(2026, 11, 2, 9, tzinfo=UTC)
    visit.ledger.open_account("acme/asha", plan="bare")
    who = visit.principal("lead", "finance", account=False)
    for module in (price_preview, rates):
        monkeypatch.setattr(module, "require", lambda *roles: who)
    return who


def use(visit: Any, model: str = "house-1") -> None:
    visit.ledger.spend("acme/asha", action="chat", model=model, input_tokens=1_000_000, output_tokens=0)


def test_an_organization_that_used_nothing_is_told_what_will_appear(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    at = visit.open(PAGE, lead)
    assert not at.exception
    assert "No model was used yet" in text(at)


def test_usage_without_a_price_is_told_first_and_never_as_zero(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    use(visit, "gpt-4o")
    use(visit)
    at = visit.open(PAGE, lead)
    assert "**1 request of 1 model has no price**, the first of 2 Nov 2026" in text(at)
    shown = at.dataframe[0].value[["model", "unpriced", "usd"]].to_numpy().tolist()
    assert shown == [["house-1", "1", "–"], ["gpt-4o", "", "$2.50"]]


def test_a_price_shows_whose_cost_it_changes_and_asks_for_a_reason(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    use(visit)
    at = visit.open(PAGE, lead)
    at.text_input(key="input-house-1").set_value("1.25").run()
    assert "+\\$1.25" in text(at)
    assert at.dataframe[1].value["Before $"].tolist() == ["–"]
    assert at.button(key="review").disabled
    at.text_input(key="why-house-1").set_value("The contract").run()
    assert not at.button(key="review").disabled


def test_a_price_that_is_none_is_refused_in_the_form(visit: Any, lead: Any, text: Callable[[AppTest], str]) -> None:
    use(visit)
    at = visit.open(PAGE, lead)
    at.text_input(key="input-house-1").set_value("cheap").run()
    assert "is not an amount" in text(at)
    assert not at.exception


def test_applying_it_sets_the_price_and_corrects_what_was_booked(visit: Any, lead: Any) -> None:
    use(visit)
    proposal = Proposal(model="house-1", since=date(2026, 11, 1), terms=PriceTerms(input="1.25"), source="contract")
    done = price_preview._apply("house-1", price_form.Asked(proposal, "it came", True), 1, "once", "")
    assert done.report is not None
    assert (done.price_id, done.report.corrected, done.report.usd_nanos) == (1, 1, 1_250_000_000)
    use(visit)
    (line,) = prices.models(visit.place.store, lead, visit.ledger.core.pricer, visit.clock.at)
    assert (line.unpriced, line.cost_usd_nanos, line.origin) == (0, 2_500_000_000, "yours")


def test_a_price_known_by_now_is_offered_without_setting_one(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    use(visit)
    price_preview._apply("house-1", _only_set(), 0, "only set", "")
    assert "its usage came before that was known" in text(visit.open(PAGE, lead))


def _only_set() -> price_form.Asked:
    proposal = Proposal(model="house-1", since=date(2026, 11, 1), terms=PriceTerms(input="1.25"))
    return price_form.Asked(proposal, "it came", corrects=False)


def test_an_old_rate_says_so_and_only_an_operator_enters_one(
    visit: Any, lead: Any, text: Callable[[AppTest], str]
) -> None:
    assert "Fresh" in text(visit.open(PAGE, lead, view="Exchange rates"))
    visit.clock.at = datetime(2026, 11, 5, 9, tzinfo=UTC)
    at = visit.open(PAGE, lead, view="Exchange rates")
    assert "**4 business days old.**" in text(at)
    assert "an operator enters" in text(at)
    with pytest.raises(LedgerError, match="an operator enters them"):
        rates._write([(date(2026, 11, 5), 95 * 10**9)], "our bank", (), "once", "why")
    boss = replace(lead, is_operator=True)
    assert visit.open(PAGE, boss, view="Exchange rates").button(key="rate-review").disabled


def test_a_rate_that_an_operator_enters_holds_at_once_and_stands_in_the_audit_log(
    visit: Any, lead: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    boss = replace(lead, is_operator=True)
    monkeypatch.setattr(rates, "require", lambda *roles: boss)
    rates._write([(date(2026, 11, 2), 95 * 10**9)], "our bank", (), "once", "a new week")
    use(visit, "gpt-4o")
    (line,) = prices.models(visit.place.store, lead, visit.ledger.core.pricer, visit.clock.at)
    assert (line.cost_usd_nanos, line.cost_inr_nanos) == (2_500_000_000, 237_500_000_000)


def test_the_newest_rate_is_marked_and_drawn_until_today(visit: Any, lead: Any) -> None:
    monday, friday = date(2026, 11, 2), date(2026, 11, 6)
    enter_rates(
        visit.place.store, [(monday, 95 * 10**9)], base="USD", quote="INR", source="s", actor="a", at=visit.clock.at
    )
    entered = prices.rates(visit.place.store, visit.clock.at).entered[::-1]
    for today, last in ((monday, monday), (friday, friday)):
        steps, mark = rates._line(entered, today).data
        assert (steps.x[-1], steps.y[-1]) == (last, 95.0)
        assert len(steps.x) == len(steps.y) == len(steps.customdata)
        assert (mark.x[0], mark.y[0]) == (monday, 95.0)


def test_a_member_does_not_see_prices(visit: Any, lead: Any) -> None:
    assert "admin/prices.py" not in [screen.file for screen in _screens(visit.principal("asha"))]
    assert "admin/prices.py" in [screen.file for screen in _screens(lead)]


def _screens(who: Any) -> list[Any]:
    from creditbook.ui.navigation import SCREENS

    return [screen for screen in SCREENS if screen.is_for(who)]
