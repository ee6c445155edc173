"""Batches load and write what plans, sales, codes and rewards need, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from support.batching import ASHA, ORG, PROGRAM, START, Desk, receipt, spend
from support.rows_of_sales import promo_row

from creditbook.domain.journal import Journal, OwedReferral
from creditbook.domain.operations import GrantTokens
from creditbook.domain.plans import PlanEvent, PlanStatus, Term
from creditbook.domain.program import PromoTerms, WalletType
from creditbook.domain.sales import Award, PromoCode, Purchase, PurchaseKind, PurchaseStatus, Redemption
from creditbook.domain.state import Book
from creditbook.programs.document import program_from_text, program_to_document
from creditbook.store.batch import Wanted
from creditbook.store.batches import open_batches
from creditbook.store.engine import open_store
from creditbook.store.loading_sales import terms_document
from creditbook.store.tables import ledger

BELA = ASHA + 1
EVER = date(1, 1, 1)
CODE = "äpfel-1"  # normalized
TERMS = PromoTerms(
    "Äpfel-1", 10, WalletType.PREMIUM, frozenset({"srs", "goal"}), 30, date(2026, 1, 31), date(2027, 2, 28), 50, 2,
    frozenset({"free"}), True, "Apple harvest",
)  # fmt: skip


def write(desk: Desk, change: Callable[[Book, Journal], None], account: int = ASHA, **named: Any) -> None:
    """One batch that does this to an account's book."""
    wanted = Wanted(ORG, {account: desk.roots[account]}, desk.now, **named)
    with desk.batches.begin([wanted]) as batch:
        (loaded,) = batch.loaded
        journal = Journal(ORG, loaded.new_id)
        change(loaded.books[account], journal)
        batch.append([journal], desk.now)


def put_code(desk: Desk, code_id: int = 500, **changes: Any) -> None:
    row = promo_row(ORG, code_id, CODE, terms=terms_document(TERMS), total_limit=50, created_at=START)
    with desk.store.write(ORG) as connection:
        connection.execute(sa.insert(ledger.promo_code), row | changes)


def given(desk: Desk, account: int, tokens: int) -> tuple[int, int]:
    """A transaction and its grant."""
    (done,) = desk.run(GrantTokens(account_id=account, tokens=tokens, **desk.key()))
    return receipt(done).transaction_id, receipt(done).lines[0].grant_id


def a_purchase(purchase_id: int, account_id: int, **changes: Any) -> Purchase:
    return Purchase(
        purchase_id, account_id, PurchaseKind.PACKAGE, "starter", "Starter", 50, 9_900, 1_510, "INR", 1, START,
        tax_label="GST", tax_rate="0.18", actor="asha", reason="a try", **changes,
    )  # fmt: skip


def test_a_plans_term_comes_back_and_is_written_only_when_it_moves(desk: Desk, asha: int) -> None:
    term = Term(
        PlanStatus.PAST_DUE, START, date(2026, 11, 21), date(2026, 12, 21), START + timedelta(days=30), 2, "free", 3,
        True, START + timedelta(days=3),
    )  # fmt: skip

    def turn(book: Book, journal: Journal) -> None:
        account = book.accounts[ASHA]
        account.term, account.program_id, account.referral_waits = deepcopy(term), 1, True
        journal.touched_accounts[ASHA] = account

    write(desk, turn)
    account = desk.book(ASHA).accounts[ASHA]
    assert (account.term, account.program_id, account.referral_waits) == (term, 1, True)
    # Whoever wrote beside the lock would be overwritten by an unmoved term: it is not written at all.
    with desk.store.write(ORG) as connection:
        connection.execute(sa.update(ledger.account).values(next_paid=9))

    def only_the_clock(book: Book, journal: Journal) -> None:
        with desk.store.read(ORG) as connection:
            assert connection.scalar(sa.select(ledger.account.c.next_paid)) == 9
        book.accounts[ASHA].clock_at = START + timedelta(hours=1)
        journal.touched_accounts[ASHA] = book.accounts[ASHA]

    write(desk, only_the_clock)
    (row,) = desk.rows(ledger.account)
    assert (row.next_paid, row.clock_at) == (9, START + timedelta(hours=1))


def test_a_new_account_carries_who_brought_her(desk: Desk, asha: int) -> None:
    wanted = Wanted(ORG, {}, desk.now, new_accounts=((BELA, BELA),))
    with desk.batches.begin([wanted]) as batch:
        journal = Journal(ORG, batch.loaded[0].new_id)
        bela = replace(
            desk.book(ASHA).accounts[ASHA], account_id=BELA, name="bela", referrer_id=ASHA, referral_waits=True
        )
        journal.accounts.append((bela, None))
        journal.wallets.clear()
        batch.append([journal], desk.now)
    desk.roots[BELA] = BELA
    loaded = desk.book(BELA).accounts[BELA]
    assert (loaded.referrer_id, loaded.referral_waits) == (ASHA, True)


def test_all_versions_of_the_program_are_there_oldest_first_and_a_new_one_is_noticed(desk: Desk, asha: int) -> None:
    (first,) = desk.book(ASHA).versions
    assert (first.program_id, first.since, first.program) == (1, START, PROGRAM)
    edited = replace(PROGRAM, title="Edited")
    later = START + timedelta(days=2)
    with desk.store.write(ORG) as connection:
        connection.execute(
            sa.insert(ledger.program_version),
            {"org_id": ORG, "program_id": 900, "name": "batching", "version": 2, "created_at": later,
             "document": program_to_document(edited), "actor": "test", "reason": "edited"},
        )  # fmt: skip
    other = open_store(desk.store.url)  # a process that has read nothing yet
    batches = open_batches(other, program_from_text)
    for store in (desk.batches, batches):  # written, and not yet in force
        assert store.read(Wanted(ORG, {ASHA: ASHA}, desk.now)).books[ASHA].versions == (first,)
    batches.close()
    other.close()
    with desk.store.write(ORG) as connection:
        connection.execute(sa.update(ledger.organization).values(program_id=900))
    book = desk.book(ASHA)
    assert [(one.program_id, one.since, one.program) for one in book.versions] == [
        (1, START, PROGRAM),
        (900, later, edited),
    ]
    assert book.program == edited
    assert book.versions[0] is first


def test_a_code_comes_with_its_terms_and_how_often_each_account_of_the_batch_redeemed_it(desk: Desk, asha: int) -> None:
    desk.open("bela", BELA)
    put_code(desk)
    for number in (1, 2):
        txn_id, grant_id = given(desk, ASHA, 10)

        def redeem(book: Book, journal: Journal, made: Redemption) -> None:
            code = book.codes[CODE]
            assert code.by_account.get(ASHA, 0) == made.number - 1
            code.redeemed += 1
            journal.touched_codes[code.code_id] = code
            journal.redemptions.append(made)

        made = Redemption(500, ASHA, number, txn_id, grant_id, START)
        write(desk, lambda book, journal, made=made: redeem(book, journal, made), codes=(CODE,))
    wanted = {"codes": (CODE, "unknown")}
    assert desk.book(ASHA, **wanted).codes == {
        CODE: PromoCode(500, TERMS, START, False, 3, "", "test", "spring", {ASHA: 2})
    }
    assert desk.book(BELA, **wanted).codes[CODE].by_account == {}
    assert [(row.account_id, row.number, row.at) for row in desk.rows(ledger.redemption)] == [
        (ASHA, 1, START),
        (ASHA, 2, START),
    ]


def test_two_accounts_of_one_batch_redeem_the_same_code(desk: Desk, asha: int) -> None:
    desk.open("bela", BELA)
    put_code(desk)
    wanted = Wanted(ORG, {ASHA: ASHA, BELA: BELA}, desk.now, codes=(CODE,))
    with desk.batches.begin([wanted]) as batch:
        (loaded,) = batch.loaded
        assert loaded.books[ASHA] is not loaded.books[BELA]
        assert loaded.books[ASHA].codes[CODE] is loaded.books[BELA].codes[CODE]
        journals = []
        for account in (ASHA, BELA):
            journals.append(Journal(ORG, loaded.new_id))
            code = loaded.books[account].codes[CODE]
            code.redeemed += 1
            journals[-1].touched_codes[code.code_id] = code
        batch.append(journals, desk.now)
    (row,) = desk.rows(ledger.promo_code)
    assert row.redeemed == 3


def test_a_code_past_its_limit_is_refused_by_the_database_itself(desk: Desk, asha: int) -> None:
    put_code(desk, redeemed=50)

    def redeem(book: Book, journal: Journal) -> None:
        code = book.codes[CODE]
        code.redeemed += 1
        journal.touched_codes[code.code_id] = code

    with pytest.raises(Exception, match=r"(?i)check constraint.*|within_its_limit"):
        write(desk, redeem, codes=(CODE,))


def test_a_purchase_comes_back_whole_with_its_grant_even_when_that_is_used_up(desk: Desk, asha: int) -> None:
    pending = a_purchase(700, ASHA)
    write(desk, lambda _, journal: journal.purchases.append(pending))
    assert desk.book(ASHA, purchases=(700,)).purchases == {700: pending}
    txn_id, grant_id = given(desk, ASHA, 50)

    def pay(book: Book, journal: Journal) -> None:
        one = book.purchases[700]
        one.provider, one.provider_order, one.provider_payment = "stripe", "cs_1", "pi_1"
        one.status, one.txn_id, one.grant_id = PurchaseStatus.GRANTED, txn_id, grant_id
        one.paid_at = one.granted_at = one.closed_at = START
        one.refunded_minor, one.refunded_tokens, one.missed_tokens = 100, 20, 30
        one.dispute_open, one.trouble = True, "look here"
        journal.touched_purchases[700] = one

    write(desk, pay, purchases=(700,))
    desk.run(spend(desk, ASHA, 150))
    assert grant_id not in desk.book(ASHA).accounts[ASHA].grants
    book = desk.book(ASHA, purchases=(700, 701), payments=(("stripe", "pi_1"), ("stripe", "pi_2")))
    expected = a_purchase(
        700, ASHA, provider="stripe", provider_order="cs_1", provider_payment="pi_1", status=PurchaseStatus.GRANTED,
        paid_at=START, granted_at=START, closed_at=START, txn_id=txn_id, grant_id=grant_id, refunded_minor=100,
        refunded_tokens=20, missed_tokens=30, dispute_open=True, trouble="look here",
    )  # fmt: skip
    assert book.purchases == {700: expected}
    assert book.payments == {("stripe", "pi_1"): 700}
    assert (book.accounts[ASHA].grants[grant_id].remaining, book.accounts[ASHA].grants[grant_id].live) == (0, False)

    def close(book: Book, journal: Journal) -> None:
        grant = book.accounts[ASHA].grants[grant_id]
        grant.closed_reason, grant.closed_at, grant.disputed = "refunded", START, True
        journal.touched_grants[grant_id] = grant

    write(desk, close, purchases=(700,))
    (row,) = desk.rows(ledger.token_grant, grant_id=grant_id)
    assert (row.closed_reason, row.disputed, row.live) == ("refunded", True, False)


def test_a_purchase_is_seen_by_its_own_family_alone(desk: Desk, asha: int) -> None:
    desk.open("bela", BELA)
    write(desk, lambda _, journal: journal.purchases.append(a_purchase(700, ASHA)))
    assert desk.book(BELA, purchases=(700,)).purchases == {}


def test_who_has_paid_before_is_told_with_a_code(desk: Desk, asha: int) -> None:
    put_code(desk)
    write(desk, lambda _, journal: journal.purchases.append(a_purchase(700, ASHA)))
    assert desk.book(ASHA, codes=(CODE,)).buyers == set()
    paid = a_purchase(701, ASHA, paid_at=START, status=PurchaseStatus.PAID)
    write(desk, lambda _, journal: journal.purchases.append(paid))
    assert desk.book(ASHA, codes=(CODE,)).buyers == {ASHA}
    assert desk.book(ASHA).buyers == set()


def test_awards_of_running_periods_are_loaded(desk: Desk, asha: int) -> None:
    txn_id, grant_id = given(desk, ASHA, 10)
    days = [EVER, START.date(), START.date() - timedelta(days=31), START.date() - timedelta(days=40)]

    def award(_: Book, journal: Journal) -> None:
        journal.awards += [Award(ASHA, "reward:site", day, txn_id, grant_id, START) for day in days]
        journal.awards.append(Award(ASHA, "reward:other", EVER, txn_id, grant_id, START))

    write(desk, award)
    book = desk.book(ASHA, awards=((ASHA, "reward:site"), (ASHA, "referral:7")))
    assert book.awards == {(ASHA, "reward:site", day) for day in days[:3]}


def test_what_is_owed_to_a_referrer_and_what_happened_to_a_plan_is_written(desk: Desk, asha: int) -> None:
    desk.open("bela", BELA)
    event = PlanEvent(
        800, ASHA, START, "upgraded", "free", "team", 29_900, "INR", date(2026, 11, 21), START + timedelta(days=30), 1,
        None, "asha", "because",
    )  # fmt: skip

    def happen(_: Book, journal: Journal) -> None:
        journal.owed_referrals.append(OwedReferral(BELA, ASHA, 3, START))
        journal.plan_events.append(event)

    write(desk, happen)
    (owed,) = desk.rows(ledger.referral_owed)
    assert (owed.friend_id, owed.referrer_id, owed.tokens, owed.at) == (BELA, ASHA, 3, START)
    (row,) = desk.rows(ledger.plan_event, event_id=800)
    assert PlanEvent(*tuple(row)[1:]) == event
    assert row.at == datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
