"""One scenario, three faces: the library in process, the client over HTTP, and the client for event loops."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from client.world import FACES, Stage, World, face

from creditbook import (
    AccountFrozen,
    AsyncLedger,
    Balance,
    Conflict,
    Done,
    FeatureNotInPlan,
    HoldAlreadyResolved,
    HoldReceipt,
    IdempotencyConflict,
    InsufficientTokens,
    InvalidRequest,
    Ledger,
    LedgerError,
    LimitExceeded,
    NeedsApproval,
    NotFound,
    PromoTerms,
    Receipt,
    RequestTooLarge,
)
from creditbook.client import AsyncClient, Client, verbs


@pytest.fixture(params=FACES)
def stage(request: pytest.FixtureRequest, world: World) -> Iterator[Stage]:
    slug = world.organization()
    with face(request.param, world, slug) as books:
        opened = books.open_account(f"{slug}/asha")
        assert (opened.account, opened.what, opened.replayed) == (f"{slug}/asha", "opened", False)
        books.grant(f"{slug}/asha", 1_000, reason="to spend")
        yield Stage(books, world.ledger, slug)


def test_a_spend_is_charged_once_however_often_its_key_is_sent(stage: Stage) -> None:
    terms = {"action": "work", "tokens": 300, "model": "gpt-5", "input_tokens": 100, "output_tokens": 200}
    first = stage.books.spend(stage.asha, **terms, idempotency_key="run-1/srs")
    again = stage.books.spend(stage.asha, **terms, idempotency_key="run-1/srs")
    assert isinstance(first, Receipt)
    assert (first.account, first.charged, first.tokens, first.available) == (stage.asha, 300, -300, 700)
    assert again == replace(first, replayed=True)
    with pytest.raises(IdempotencyConflict):
        stage.books.spend(stage.asha, action="work", tokens=301, idempotency_key="run-1/srs")
    assert stage.books.balance(stage.asha).available == 700


def test_a_key_used_in_process_is_known_over_http_and_the_other_way(stage: Stage) -> None:
    terms: dict[str, Any] = {"action": "work", "tokens": 10, "event_at": datetime(2026, 3, 4, 5, 6, tzinfo=UTC),
                             "metadata": {"run": [1, "é"]}, "project": "thesis"}  # fmt: skip
    first = stage.books.spend(stage.asha, **terms, idempotency_key="here and there")
    assert stage.library.spend(stage.asha, **terms, idempotency_key="here and there") == replace(first, replayed=True)


def test_without_a_key_two_calls_are_two_pieces_of_work(stage: Stage) -> None:
    for left in (900, 800):
        assert stage.books.spend(stage.asha, action="work", tokens=100).available == left


def test_a_batch_is_answered_in_order_with_the_refusals_among_the_receipts(stage: Stage) -> None:
    asked = [{"account": stage.asha, "action": "work", "tokens": tokens, "idempotency_key": f"piece {tokens}"}
             for tokens in (400, 700, 500)]  # fmt: skip
    first, second, third = stage.books.spend_many(asked)
    assert (first.charged, third.charged, third.available) == (400, 500, 100)
    assert isinstance(second, InsufficientTokens)
    assert (second.required, second.available, second.shortage) == (700, 600, 100)
    assert [one.replayed for one in stage.books.spend_many(asked) if isinstance(one, Receipt)] == [True, True]


def test_a_job_takes_its_parts_and_gives_the_rest_back(stage: Stage) -> None:
    with stage.books.reserve(stage.asha, action="work", estimate=600, idempotency_key="run-2") as job:
        held = stage.books.balance(stage.asha)
        assert (held.posted, held.held, held.available) == (1_000, 600, 400)
        part = job.capture(tokens=150, agent="idea", idempotency_key="run-2/idea", final=False)
        assert (part.charged, part.available) == (150, 400)
        job.capture(tokens=250, agent="srs", idempotency_key="run-2/srs")
    left = stage.books.balance(stage.asha)
    assert (left.posted, left.held, left.available) == (600, 0, 600)


def test_a_job_that_fails_costs_what_was_captured_and_nothing_else(stage: Stage) -> None:
    def fails() -> None:
        with stage.books.reserve(stage.asha, action="work", estimate=600) as job:
            job.capture(tokens=150, final=False)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    left = stage.books.balance(stage.asha)
    assert (left.posted, left.held) == (850, 0)


def test_a_hold_is_made_captured_and_voided_by_its_number(stage: Stage) -> None:
    hold = stage.books.hold(stage.asha, action="essay", ttl=timedelta(minutes=5), project="thesis")
    assert isinstance(hold, HoldReceipt)
    assert (hold.estimate, hold.held, hold.status, hold.available) == (40, 40, "open", 960)
    assert stage.books.void(stage.asha, hold.hold_id).held == 0
    with pytest.raises(HoldAlreadyResolved):
        stage.books.capture(stage.asha, hold.hold_id)
    with pytest.raises(HoldAlreadyResolved):
        stage.books.void(stage.asha, hold.hold_id)


def test_a_usage_is_refunded_and_a_grant_taken_back(stage: Stage) -> None:
    usage = stage.books.spend(stage.asha, action="work", tokens=300)
    back = stage.books.refund(stage.asha, usage.transaction_id, reason="the run failed", tokens=100)
    assert (back.kind, back.charged, back.tokens, back.available) == ("refund", 100, 100, 800)
    gift = stage.books.grant(stage.asha, 50, reason="sorry", expires_at=date(2199, 1, 1), features=["work"],
                             wallet="PREMIUM", grant_class="purchased", label="Gift")  # fmt: skip
    taken = stage.books.revoke(stage.asha, gift.lines[0].grant_id, reason="by mistake", tokens=20)
    assert (taken.kind, taken.tokens, taken.available) == ("revocation", -20, 830)


def test_a_balance_is_told_as_of_a_moment_and_for_a_feature(stage: Stage) -> None:
    stage.books.grant(stage.asha, 70, reason="for chats", features=["chat"])
    before = datetime.now(UTC)
    stage.books.spend(stage.asha, action="work", tokens=1)
    assert stage.books.balance(stage.asha, at=before).posted == 1_070
    now = stage.books.balance(stage.asha)
    assert isinstance(now, Balance)
    assert (now.available, now.by_feature, now.status) == (1_069, {"chat": 1_069}, "active")
    assert {wallet.features for wallet in now.wallets} == {None, frozenset({"chat"})}
    assert stage.books.balance(stage.asha, feature="work").available == 999


def test_allowances_begin_anew_and_codes_are_made(stage: Stage) -> None:
    stage.books.open_account(f"{stage.slug}/ben", plan="daily")
    stage.books.spend(f"{stage.slug}/ben", action="build")
    done = stage.books.reset(f"{stage.slug}/ben", reason="her import came in twice")
    assert isinstance(done, Done)
    assert (done.what, done.available, len(done.transaction_ids)) == ("reset", 5, 2)
    terms = PromoTerms(code="LAUNCH", tokens=50, plans=frozenset({"bare"}), valid_through=date(2199, 1, 1))
    assert stage.books.create_codes(stage.slug, terms, reason="the launch") == ["LAUNCH"]
    many = stage.books.create_codes(stage.slug, replace(terms, code="LL"), reason="the launch", count=3, batch="l")
    assert len(set(many)) == 3
    with pytest.raises(Conflict):
        stage.books.create_codes(stage.slug, terms, reason="the launch")
    keyed = {"reason": "the launch", "count": 2, "batch": "k", "idempotency_key": "codes 1"}
    first = stage.books.create_codes(stage.slug, replace(terms, code="KK"), **keyed)
    assert stage.books.create_codes(stage.slug, replace(terms, code="KK"), **keyed) == first
    assert stage.library.redeem(stage.asha, "launch").tokens == 50


Refused = Callable[[Stage], object]
REFUSED: list[tuple[type[LedgerError], Refused]] = [
    (InvalidRequest, lambda s: s.books.spend(s.asha, action="flying")),
    (InvalidRequest, lambda s: s.books.spend(s.asha, action="work", tokens=1, wallet="GOLD")),
    (InvalidRequest, lambda s: s.books.grant(s.asha, 1, reason=" ")),
    (InvalidRequest, lambda s: s.books.spend(s.asha, action="work", event_at=datetime(2026, 1, 1))),  # noqa: DTZ001
    (NotFound, lambda s: s.books.spend(f"{s.slug}/nobody", action="chat")),
    (NotFound, lambda s: s.books.balance("elsewhere/asha")),
    (NotFound, lambda s: s.books.create_codes("elsewhere", PromoTerms(code="X", tokens=1), reason="why not")),
    (NotFound, lambda s: s.books.refund(s.asha, 2**40, reason="never was")),
    (NeedsApproval, lambda s: s.books.grant(s.asha, 100_001, reason="a lot")),
    (Conflict, lambda s: s.books.open_account(s.asha)),
    (InsufficientTokens, lambda s: s.books.hold(s.asha, action="work", estimate=1_001)),
]


def test_a_refusal_is_the_same_error(stage: Stage) -> None:
    for number, (kind, call) in enumerate(REFUSED):
        with pytest.raises(LedgerError) as refused:
            call(stage)
        assert type(refused.value) is kind, number
    assert stage.library.balance(stage.asha).posted == 1_000


def test_a_refusal_names_the_request_in_the_server_s_log(world: World) -> None:
    with face("client", world, world.organization()) as client, pytest.raises(NotFound) as refused:
        client.balance("nobody")
    (note,) = refused.value.__notes__
    assert len(note.removeprefix("The server's log has it as request ")) > 16


def test_what_an_account_may_not_do_is_the_same_error_with_the_same_figures(stage: Stage) -> None:
    stage.library.freeze(stage.asha, reason="a look into it")
    with pytest.raises(AccountFrozen):
        stage.books.spend(stage.asha, action="work", tokens=1)
    for name, plan in (("sam", "small"), ("nora", "narrow")):
        stage.books.open_account(f"{stage.slug}/{name}", plan=plan)
    with pytest.raises(FeatureNotInPlan):
        stage.books.spend(f"{stage.slug}/nora", action="chat")
    with pytest.raises(RequestTooLarge):
        stage.books.spend(f"{stage.slug}/sam", action="chat", input_tokens=101)
    for _ in range(3):
        stage.books.spend(f"{stage.slug}/sam", action="chat")
    with pytest.raises(LimitExceeded) as limit:
        stage.books.spend(f"{stage.slug}/sam", action="chat")
    assert limit.value.limit == "requests_per_day"
    assert 0 < (limit.value.retry_after or 0) <= 24 * 3600


LIBRARYS_OWN = {"actor", "cost", "done", "kind", "price_minor", "currency", "opened_at", "import_id"}
VERBS = [name for name in vars(Client) if callable(getattr(Ledger, name, None)) and not name.startswith("_")]


def test_there_are_verbs_to_compare() -> None:
    said = {name for name, verb in vars(verbs).items() if inspect.isfunction(verb) and hasattr(Client, name)}
    assert said <= set(VERBS)
    assert len(VERBS) >= 23


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(("library", "client"), [(Ledger, Client), (AsyncLedger, AsyncClient)])
def test_a_verb_takes_the_library_s_arguments(verb: str, library: type, client: type) -> None:
    theirs = inspect.signature(getattr(Ledger, verb)).parameters  # an awaited one hides behind its wrapper
    ours = inspect.signature(getattr(client, verb)).parameters
    assert inspect.iscoroutinefunction(getattr(client, verb)) is (client is AsyncClient)
    assert hasattr(library, verb)
    named = [(name, one.kind, one.default) for name, one in ours.items() if name != "self"]
    expected = [(name, one.kind, one.default) for name, one in theirs.items()
                if name not in LIBRARYS_OWN | {"self", "core"}]  # fmt: skip
    assert named == expected
