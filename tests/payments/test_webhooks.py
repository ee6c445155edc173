"""What providers tell moves a purchase rightly, whatever order it is told in and however often."""

from __future__ import annotations

import itertools
import threading

import pytest
from payments.conftest import PRICE, STRIPE, Shop
from support.paying import (
    charge,
    dispute,
    intent,
    invoice,
    razorpay_event,
    razorpay_payment,
    session,
    stripe_event,
    stripe_signed,
)

from creditbook.domain.errors import Conflict, InvalidRequest, NotFound
from creditbook.payments.acting import act
from creditbook.payments.values import BadSignature
from creditbook.payments.webhooks import Outcome
from creditbook.reports.proof import prove
from creditbook.store import webhooks as rows

FREE = 5
PACK = 1_000


def paid(shop: Shop, payment: str = "pi_1") -> str:
    """A pack that is paid through Stripe."""
    reference = shop.order()
    assert shop.stripe("checkout.session.completed", session(reference, PRICE, payment=payment)).status == "handled"
    return reference


def books_are_sound(shop: Shop) -> None:
    (proof,) = prove(shop.store, "acme")
    assert [finding for finding in proof.findings if finding.broken] == []


def test_a_paid_checkout_grants_the_pack(shop: Shop) -> None:
    reference = shop.order()
    assert shop.available() == FREE
    outcome = shop.stripe("checkout.session.completed", session(reference, PRICE))
    assert (outcome.status, outcome.purchase, outcome.replayed) == ("handled", reference, False)
    assert (shop.sale(reference).status, shop.sale(reference).provider_payment) == ("granted", "pi_1")
    assert shop.available() == FREE + PACK
    books_are_sound(shop)


def test_an_event_told_again_does_nothing_more(shop: Shop) -> None:
    reference = shop.order()
    body = stripe_event("checkout.session.completed", session(reference, PRICE))
    first = shop.webhooks.take(STRIPE, body, stripe_signed(body))
    again = shop.webhooks.take(STRIPE, body, stripe_signed(body))
    assert (first.replayed, again.replayed, again.status) == (False, True, "handled")
    assert shop.available() == FREE + PACK


def test_two_events_of_one_payment_grant_once(shop: Shop) -> None:
    reference = shop.order()
    told = [
        shop.stripe("payment_intent.succeeded", intent(reference, PRICE)),
        shop.stripe("checkout.session.completed", session(reference, PRICE)),
        shop.stripe("checkout.session.async_payment_succeeded", session(reference, PRICE)),
    ]
    assert [one.status for one in told] == ["handled"] * 3
    assert shop.available() == FREE + PACK


def test_what_was_tampered_with_leaves_no_trace(shop: Shop) -> None:
    reference = shop.order()
    body = stripe_event("checkout.session.completed", session(reference, PRICE))
    with pytest.raises(BadSignature):
        shop.webhooks.take(STRIPE, body.replace(b"9900", b"9901"), stripe_signed(body))
    with pytest.raises(BadSignature):
        shop.webhooks.take(STRIPE, body, stripe_signed(body, seconds_ago=3_600))
    assert shop.sale(reference).status == "pending"
    assert rows.open_events(shop.store) == []


def test_twenty_copies_of_two_events_at_once_have_one_effect(shop: Shop) -> None:
    reference = shop.order()
    bodies = [
        stripe_event("checkout.session.completed", session(reference, PRICE), "evt_twice_a"),
        stripe_event("payment_intent.succeeded", intent(reference, PRICE), "evt_twice_b"),
    ]
    outcomes: list[Outcome] = []
    start = threading.Barrier(20)

    def tell(body: bytes) -> None:
        start.wait()
        outcomes.append(shop.webhooks.take(STRIPE, body, stripe_signed(body)))

    threads = [threading.Thread(target=tell, args=(bodies[n % 2],)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.status for one in outcomes] == ["handled"] * 20
    assert shop.available() == FREE + PACK
    books_are_sound(shop)


def test_a_wrong_amount_or_currency_grants_nothing_and_waits_for_a_person(shop: Shop) -> None:
    cheap, dollars = shop.order(), shop.order()
    assert "are due" in shop.stripe("checkout.session.completed", session(cheap, 99, payment="pi_1")).note
    wrong = session(dollars, PRICE, payment="pi_2") | {"currency": "usd"}
    assert "USD" in shop.stripe("checkout.session.completed", wrong).note
    assert {shop.sale(cheap).is_paid, shop.sale(dollars).is_paid} == {False}
    assert shop.available() == FREE


def test_a_checkout_whose_money_is_not_there_yet_grants_when_it_is(shop: Shop) -> None:
    reference = shop.order()
    assert (
        shop.stripe("checkout.session.completed", session(reference, PRICE, payment_status="unpaid")).status
        == "ignored"
    )
    assert shop.available() == FREE
    shop.stripe("checkout.session.async_payment_succeeded", session(reference, PRICE))
    assert shop.available() == FREE + PACK


@pytest.mark.parametrize(
    ("kind", "thing"),
    [
        ("payment_intent.payment_failed", intent("acme/{}", PRICE, last_payment_error={"message": "Card declined"})),
        ("checkout.session.expired", session("acme/{}", PRICE, payment="")),
        ("checkout.session.async_payment_failed", session("acme/{}", PRICE)),
        ("payment_intent.canceled", intent("acme/{}", PRICE)),
    ],
)
def test_a_failure_fails_the_purchase_a_later_payment_still_counts_and_a_late_failure_does_not(
    shop: Shop, kind: str, thing: dict[str, object]
) -> None:
    reference = shop.order()
    mine = {**thing, "metadata": {"creditbook_purchase": reference}, "client_reference_id": reference}
    assert shop.stripe(kind, mine).status == "handled"
    assert shop.sale(reference).status == "failed"
    shop.stripe("checkout.session.completed", session(reference, PRICE, payment="pi_9"))
    assert shop.sale(reference).status == "granted"
    assert shop.stripe(kind, mine).status == "ignored"
    assert shop.available() == FREE + PACK


def test_refunds_are_sums_whatever_order_they_come_in(shop: Shop) -> None:
    """Three refunds of 10%, 25% and 40% of the price in all, told in every order: the same 400 tokens are gone."""
    for number, order in enumerate(itertools.permutations((990, 2_475, 3_960))):
        payment = f"pi_order_{number}"
        reference = paid(shop, payment)
        before = shop.available() or 0
        assert {shop.stripe("charge.refunded", charge(PRICE, sum_, payment=payment)).status for sum_ in order} == {
            "handled"
        }
        assert shop.sale(reference).refunded_minor == 3_960
        assert before - (shop.available() or 0) == 400
    books_are_sound(shop)


def test_a_refund_of_everything_takes_the_pack_back(shop: Shop) -> None:
    reference = paid(shop)
    shop.ledger.spend("acme/asha", action="work", tokens=FREE + 300)
    assert shop.stripe("charge.refunded", charge(PRICE, PRICE)).status == "handled"
    assert (shop.sale(reference).status, shop.available()) == ("refunded", 0)
    books_are_sound(shop)


def test_a_refund_that_comes_before_its_payment_waits_for_it(shop: Shop) -> None:
    reference = shop.order()
    early = shop.stripe("charge.refunded", charge(PRICE, PRICE, metadata={"creditbook_purchase": reference}))
    assert (early.status, shop.waiting()) == ("unmatched", [("charge.refunded", "unmatched")])
    shop.stripe("checkout.session.completed", session(reference, PRICE))
    assert shop.waiting() == []
    assert (shop.sale(reference).status, shop.available()) == ("refunded", FREE)


def test_a_refund_without_our_mark_that_comes_before_its_payment_waits_for_it_too(shop: Shop) -> None:
    reference = shop.order()
    assert shop.stripe("charge.refunded", charge(PRICE, 4_950)).note == "It matches no purchase."
    shop.stripe("checkout.session.completed", session(reference, PRICE))
    assert shop.waiting() == []
    assert (shop.sale(reference).refunded_minor, shop.available()) == (4_950, FREE + PACK // 2)


def test_racing_refunds_take_back_their_largest_sum(shop: Shop) -> None:
    reference = paid(shop)
    start = threading.Barrier(8)

    def tell(total: int) -> None:
        start.wait()
        shop.stripe("charge.refunded", charge(PRICE, total))

    threads = [threading.Thread(target=tell, args=(990 * (n % 4 + 1),)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.sale(reference).refunded_minor == 3_960
    books_are_sound(shop)


def test_two_refunds_that_looked_at_the_same_moment_do_not_add_up(shop: Shop) -> None:
    """Both saw that nothing was refunded yet; the second one's sum contains the first one's."""
    reference = paid(shop)
    seen = shop.sale(reference)
    for total in (990, 2_475, 990):
        body = stripe_event("charge.refunded", charge(PRICE, total))
        act(shop.store, shop.ledger, STRIPE.read(body, stripe_signed(body)), seen)
    assert shop.sale(reference).refunded_minor == 2_475
    assert shop.available() == FREE + PACK - 250


def test_a_second_payment_of_one_purchase_grants_nothing_and_its_refund_takes_nothing(shop: Shop) -> None:
    reference = paid(shop, "pi_1")
    twice = shop.stripe("payment_intent.succeeded", intent(reference, PRICE, payment="pi_2"))
    assert "Give that money back" in twice.note
    assert shop.available() == FREE + PACK
    marked = charge(PRICE, PRICE, payment="pi_2", metadata={"creditbook_purchase": reference})
    assert shop.stripe("charge.refunded", marked).status == "ignored"
    assert (shop.sale(reference).status, shop.available()) == ("granted", FREE + PACK)


def test_a_dispute_freezes_and_its_end_thaws_or_takes(shop: Shop) -> None:
    won, lost = paid(shop, "pi_won"), paid(shop, "pi_lost")
    for payment in ("pi_won", "pi_lost"):
        shop.stripe("charge.dispute.created", dispute("needs_response", payment=payment))
    assert (shop.sale(won).status, shop.available()) == ("disputed", FREE)
    shop.stripe("charge.dispute.closed", dispute("won", payment="pi_won"))
    shop.stripe("charge.dispute.closed", dispute("lost", payment="pi_lost"))
    assert (shop.sale(won).status, shop.sale(lost).status) == ("granted", "refunded")
    assert shop.available() == FREE + PACK
    books_are_sound(shop)


@pytest.mark.parametrize("ending", ["won", "lost"])
def test_a_dispute_whose_end_is_told_first_is_not_opened_again(shop: Shop, ending: str) -> None:
    reference = paid(shop)
    shop.stripe("charge.dispute.closed", dispute(ending))
    after = (shop.sale(reference).status, shop.available())
    for kind in ("charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed"):
        status = ending if kind.endswith("closed") else "needs_response"
        assert shop.stripe(kind, dispute(status)).status == "handled"
    assert (shop.sale(reference).status, shop.available()) == after
    assert after == (("granted", FREE + PACK) if ending == "won" else ("refunded", FREE))


def test_an_inquiry_freezes_nothing_until_the_funds_are_withdrawn(shop: Shop) -> None:
    reference = paid(shop)
    assert shop.stripe("charge.dispute.created", dispute("warning_needs_response")).status == "ignored"
    assert shop.stripe("charge.dispute.closed", dispute("warning_closed")).status == "ignored"
    assert shop.sale(reference).status == "granted"
    shop.stripe("charge.dispute.funds_withdrawn", dispute("needs_response"))
    assert shop.sale(reference).status == "disputed"


def test_a_dispute_that_comes_before_its_payment_waits_for_it(shop: Shop) -> None:
    reference = shop.order()
    assert shop.stripe("charge.dispute.created", dispute("needs_response")).status == "unmatched"
    shop.stripe("checkout.session.completed", session(reference, PRICE))
    assert (shop.sale(reference).status, shop.available(), shop.waiting()) == ("disputed", FREE, [])


def test_a_subscriptions_invoices_buy_the_plan_and_then_renew_it(shop: Shop) -> None:
    reference = shop.order("pro", "plan")
    first = session(reference, PRICE, payment="", invoice="in_1")
    assert shop.stripe("checkout.session.completed", first).status == "handled"
    shop.stripe("invoice.paid", invoice(reference, PRICE, "subscription_create"))
    assert shop.ledger.balance("acme/asha").plan == "pro"
    shop.clock.forward(days=20)
    for kind in ("invoice.paid", "invoice.payment_succeeded"):
        told = shop.stripe(kind, invoice(reference, PRICE, "subscription_cycle", number="in_2"))
        assert told.status == "handled"
        assert told.purchase != reference
    assert shop.ledger.subscription("acme/asha").paid_ahead == 1
    assert shop.sale(told.purchase).kind == "renewal"
    books_are_sound(shop)


def test_a_renewal_told_by_two_events_at_once_is_one_renewal(shop: Shop) -> None:
    reference = shop.order("pro", "plan")
    shop.stripe("invoice.paid", invoice(reference, PRICE, "subscription_create"))
    start = threading.Barrier(6)

    def tell(kind: str) -> None:
        start.wait()
        shop.stripe(kind, invoice(reference, PRICE, "subscription_cycle", number="in_2"))

    kinds = ("invoice.paid", "invoice.payment_succeeded") * 3
    threads = [threading.Thread(target=tell, args=(kind,)) for kind in kinds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert shop.ledger.subscription("acme/asha").paid_ahead == 1


def test_a_renewal_that_was_opened_and_not_yet_paid_is_paid_by_the_invoices_other_event(shop: Shop) -> None:
    reference = shop.order("pro", "plan")
    shop.stripe("invoice.paid", invoice(reference, PRICE, "subscription_create"))
    opened = shop.ledger.open_purchase(
        "acme/asha", "pro", kind="renewal", provider="stripe", idempotency_key="stripe/in_2"
    )  # as the first event did, whose process died then
    told = shop.stripe("invoice.payment_succeeded", invoice(reference, PRICE, "subscription_cycle", number="in_2"))
    assert told.purchase == f"acme/{opened.purchase_id}"
    assert shop.sale(told.purchase).status == "granted"


def test_a_card_charged_after_the_plan_lapsed_buys_it_anew(shop: Shop) -> None:
    reference = shop.order("pro", "plan")
    shop.stripe("invoice.paid", invoice(reference, PRICE, "subscription_create"))
    shop.clock.forward(days=60)
    shop.ledger.sweep()
    assert shop.ledger.balance("acme/asha").plan == "daily"
    told = shop.stripe("invoice.paid", invoice(reference, PRICE, "subscription_cycle", number="in_2"))
    assert (told.status, shop.sale(told.purchase).kind) == ("handled", "plan")
    assert shop.ledger.balance("acme/asha").plan == "pro"


@pytest.mark.parametrize("link_first", [True, False])
def test_a_refund_of_a_renewal_finds_it_by_the_payments_other_name(shop: Shop, link_first: bool) -> None:
    reference = shop.order("pro", "plan")
    shop.stripe("invoice.paid", invoice(reference, PRICE, "subscription_create"))
    link = {"id": "inpay_2", "object": "invoice_payment", "invoice": "in_2",
            "payment": {"type": "payment_intent", "payment_intent": "pi_2"}}  # fmt: skip
    told = [
        ("invoice_payment.paid", link),
        ("invoice.paid", invoice(reference, PRICE, "subscription_cycle", number="in_2")),
    ]
    outcomes = [shop.stripe(kind, thing) for kind, thing in (told if link_first else reversed(told))]
    renewal = next(one.purchase for one in outcomes if one.kind == "invoice.paid")
    assert shop.stripe("charge.refunded", charge(PRICE, PRICE, payment="pi_2")).purchase == renewal
    assert shop.sale(renewal).status == "refunded"
    assert shop.sale(reference).status == "granted"
    assert shop.waiting() == []


def test_razorpays_events_do_the_same(shop: Shop) -> None:
    reference = shop.order(provider="razorpay")
    link = {"id": "plink_1", "amount_paid": PRICE, "currency": "INR", "notes": {"creditbook_purchase": reference}}
    bare = razorpay_payment("", PRICE)
    shop.razorpay(razorpay_event("payment.captured", payment=bare))
    assert shop.waiting() == [("payment.captured", "unmatched")]
    assert shop.razorpay(razorpay_event("payment_link.paid", payment_link=link, payment=bare)).status == "handled"
    assert (shop.waiting(), shop.available()) == ([], FREE + PACK)
    part = razorpay_payment("", PRICE, amount_refunded=4_950)
    refund = {"id": "rfnd_1", "payment_id": "pay_1", "amount": 4_950, "notes": []}
    for _ in range(2):
        assert shop.razorpay(razorpay_event("refund.processed", refund=refund, payment=part)).status == "handled"
    assert (shop.sale(reference).refunded_minor, shop.available()) == (4_950, FREE + PACK // 2)
    quarrel = {"id": "disp_1", "payment_id": "pay_1", "reason_code": "chargeback"}
    shop.razorpay(razorpay_event("payment.dispute.created", dispute=quarrel, payment=bare))
    assert shop.available() == FREE
    shop.razorpay(razorpay_event("payment.dispute.won", dispute=quarrel, payment=bare))
    assert shop.available() == FREE + PACK // 2
    books_are_sound(shop)


def test_a_razorpay_payment_is_found_by_its_order_where_it_carries_no_notes(shop: Shop) -> None:
    reference = shop.order(provider="razorpay")
    purchase_id = shop.sale(reference).purchase_id
    shop.ledger.name_purchase("acme/asha", purchase_id, provider_order="order_pay_1")
    assert shop.razorpay(razorpay_event("payment.captured", payment=razorpay_payment("", PRICE))).purchase == reference


def test_razorpays_subscription_charges_the_plan_and_then_renews_it(shop: Shop) -> None:
    reference = shop.order("pro", "plan", provider="razorpay")
    notes = {"creditbook_purchase": reference}
    for count, payment in ((1, "pay_1"), (2, "pay_2")):
        body = razorpay_event(
            "subscription.charged",
            subscription={"id": "sub_1", "paid_count": count, "notes": notes},
            payment=razorpay_payment("", PRICE, payment=payment),
        )
        assert shop.razorpay(body).status == "handled"
    standing = shop.ledger.subscription("acme/asha")
    assert (standing.plan, standing.paid_ahead) == ("pro", 1)


def test_a_refund_of_a_later_term_is_not_one_of_the_first_whose_mark_it_carries(shop: Shop) -> None:
    reference = shop.order("pro", "plan", provider="razorpay")
    told = []
    for count, payment in ((1, "pay_1"), (2, "pay_2")):
        charged = razorpay_payment(reference, PRICE, payment=payment)
        subscription = {"id": "sub_1", "paid_count": count, "notes": charged["notes"]}
        told.append(shop.razorpay(razorpay_event("subscription.charged", subscription=subscription, payment=charged)))
    back = razorpay_payment(reference, PRICE, payment="pay_2", amount_refunded=PRICE)
    refund = {"id": "rfnd_1", "payment_id": "pay_2", "amount": PRICE}
    assert shop.razorpay(razorpay_event("refund.processed", refund=refund, payment=back)).status == "handled"
    assert [shop.sale(one.purchase).status for one in told] == ["granted", "refunded"]


def test_what_matches_nothing_waits_for_a_person_only_where_money_moved(shop: Shop) -> None:
    assert shop.stripe("checkout.session.completed", session("acme/999", PRICE)).status == "unmatched"
    assert shop.stripe("payment_intent.succeeded", intent("", PRICE, payment="pi_3")).status == "unmatched"
    assert shop.stripe("checkout.session.expired", session("nobody/1", PRICE)).status == "ignored"
    assert shop.stripe("customer.created", {"id": "cus_1"}).status == "ignored"
    for mark in ("acme/", "acme/x", "acme/-1", "/7", "acme/" + "9" * 30, "acme/٣"):
        assert shop.stripe("checkout.session.completed", session(mark, PRICE, payment="pi_4")).status == "unmatched"
    org = shop.ledger.core.organization("acme")
    assert {row.org_id for row in rows.open_events(shop.store)} == {None, org.org_id}
    assert all(row.org_id == org.org_id for row in rows.open_events(shop.store, org.org_id))


def test_a_buyer_cannot_name_the_purchase_herself(shop: Shop) -> None:
    reference = shop.order()
    hers = session(reference, PRICE, metadata={}, client_reference_id=reference)
    assert shop.stripe("checkout.session.completed", hers).status == "unmatched"
    assert shop.available() == FREE


def test_an_event_that_broke_off_stands_in_the_inbox_until_it_is_handled(shop: Shop) -> None:
    reference = shop.order()
    told = STRIPE.read(body := stripe_event("checkout.session.completed", session(reference, PRICE), "evt_1"),
                       stripe_signed(body))  # fmt: skip
    rows.receive(shop.store, "stripe", "evt_1", at=shop.clock(), kind=told.kind, payment="pi_1", payload=told.payload)
    assert shop.waiting() == [("checkout.session.completed", "received")]
    assert shop.webhooks.replay("stripe", "evt_1").status == "handled"
    assert shop.waiting() == []


def test_a_person_says_which_purchase_an_event_is_about(shop: Shop) -> None:
    shop.stripe("payment_intent.succeeded", intent("", PRICE), "evt_lost")
    reference = shop.order()
    wanted = shop.sale(reference).purchase_id
    with pytest.raises(NotFound):
        shop.webhooks.assign("stripe", "evt_lost", "acme", 999, actor="ravi", reason="her bank says so")
    with pytest.raises(InvalidRequest, match="reason"):
        shop.webhooks.assign("stripe", "evt_lost", "acme", wanted, actor="ravi", reason=" ")
    told = shop.webhooks.assign("stripe", "evt_lost", "acme", wanted, actor="ravi", reason="her bank says so")
    assert (told.status, shop.sale(reference).status, shop.available()) == ("handled", "granted", FREE + PACK)
    with pytest.raises(Conflict, match="handled already"):
        shop.webhooks.assign("stripe", "evt_lost", "acme", wanted, actor="ravi", reason="again")
    assert shop.webhooks.replay("stripe", "evt_lost").status == "handled"
    assert shop.available() == FREE + PACK
    with pytest.raises(NotFound):
        shop.webhooks.replay("stripe", "evt_unheard_of")


def test_a_person_sets_an_event_aside(shop: Shop) -> None:
    shop.stripe("payment_intent.succeeded", intent("acme/999", PRICE), "evt_lost")
    with pytest.raises(InvalidRequest):
        shop.webhooks.dismiss("stripe", "evt_lost", actor="ravi", reason="")
    assert shop.webhooks.dismiss("stripe", "evt_lost", actor="ravi", reason="a donation").status == "ignored"
    assert shop.waiting() == []


def test_an_event_whose_handling_broke_off_is_handled_when_it_is_told_again(shop: Shop) -> None:
    reference = shop.order()
    body = stripe_event("checkout.session.completed", session(reference, PRICE), "evt_broken")
    told = STRIPE.read(body, stripe_signed(body))
    rows.receive(
        shop.store, "stripe", "evt_broken", at=shop.clock(), kind=told.kind, payment="pi_1", payload=told.payload
    )  # the process died here
    assert shop.webhooks.take(STRIPE, body, stripe_signed(body)) == Outcome(
        "checkout.session.completed", "handled", "The purchase is granted.", reference
    )


def test_a_payment_for_a_closed_account_is_kept_as_trouble(shop: Shop) -> None:
    reference = shop.order()
    shop.ledger.close_account("acme/asha", reason="left")
    told = shop.stripe("checkout.session.completed", session(reference, PRICE))
    assert told.status == "handled"
    assert "closed" in told.note
    assert shop.sale(reference).is_paid
