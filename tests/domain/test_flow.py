"""The roll-forward: opening and movements make the closing, in tokens and in deferred money."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from creditbook.domain.flow import Flow, Moved, Revenue, flows

KINDS = (
    "usage", "grant", "purchase", "promo", "referral", "reward", "reset", "rollover", "expiry", "plan_change", "refund",
    "purchase_refund", "revocation", "debt_repayment", "adjustment",
)  # fmt: skip
SOME = st.integers(0, 10**12)
MOVED = st.builds(Moved, st.sampled_from(KINDS), st.sampled_from(["free", "purchased"]), st.sampled_from(["", "INR"]),
                  SOME, SOME, SOME, SOME)  # fmt: skip


def test_every_kind_stands_on_its_line() -> None:
    lines = {kind: flows([], [Moved(kind, "free", "", 5, 3, 0, 0)])["free"].tokens for kind in KINDS}
    assert lines["purchase"] == Flow(sold=5, revoked=3)
    assert lines["refund"] == Flow(returned=5, revoked=3)
    assert lines["rollover"] == Flow(rolled_in=5, rolled_out=3)
    assert lines["plan_change"] == lines["revocation"] == Flow(granted=5, revoked=3)
    assert lines["usage"] == lines["debt_repayment"] == Flow(granted=5, used=3)
    assert lines["expiry"] == Flow(granted=5, expired=3)
    assert lines["purchase_refund"] == Flow(granted=5, refunded=3)


def test_money_of_whatever_was_sold_for_a_price_is_sold() -> None:
    found = flows([], [Moved("grant", "purchased", "INR", 100, 0, 900, 0)])["purchased"]
    assert found.tokens == Flow(granted=100)
    assert found.money == {"INR": Flow(sold=900)}


@given(st.lists(MOVED), st.lists(MOVED))
def test_opening_and_movements_make_the_closing_of_every_class_and_currency(
    before: list[Moved], during: list[Moved]
) -> None:
    found = flows(before, during)
    for name in {one.grant_class for one in (*before, *during)}:
        every = [one for one in (*before, *during) if one.grant_class == name]
        assert found[name].tokens.closing == sum(one.tokens_in - one.tokens_out for one in every)
        paid = [one for one in every if one.currency]
        assert sum(one.closing for one in found[name].money.values()) == sum(
            one.deferred_in - one.deferred_out for one in paid
        )


def test_what_was_paid_back_beyond_what_was_owed_lowers_revenue() -> None:
    one = Revenue(
        "INR", packs_sold_minor=900, tax_minor=99, earned_packs_minor=400, returned_minor=30, breakage_packs_minor=5,
        paid_back_minor=555, paid_back_tax_minor=55, released_minor=300,
    )  # fmt: skip
    assert (one.gross_minor, one.earned_minor, one.reversed_minor, one.revenue_minor) == (999, 370, 200, 175)
