"""Promo codes redeemed by accounts, and how often that may be tried (rule 32)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from creditbook.domain.errors import LimitExceeded
from creditbook.domain.redeeming import normalized
from creditbook.domain.results import Receipt
from creditbook.domain.selling import Redeem
from creditbook.store import sessions as rows
from creditbook.store.directory import AccountRef

from .calls import Outcome
from .core import Core, Prepared, prepare

WINDOW = timedelta(minutes=15)
ATTEMPTS = 10
LONGEST = 200


def redeem(
    core: Core, account: str, code: str, *, actor: str = "", idempotency_key: str | None = None
) -> Prepared[Receipt]:
    """Redeem a code for an account; blanks around it and its case make no difference.

    Raises `CodeNotRedeemable` for a code that is unknown, ended or exhausted, whoever asks; `AlreadyRedeemed`;
    `InvalidRequest` that tells an unmet condition; `LimitExceeded` after ten failed attempts within a quarter of an
    hour, for this account only.
    """
    text = normalized(code)[:LONGEST]
    attempts = Attempts(core, core.account(account))
    prepared: Prepared[Receipt] = prepare(
        core, account, Redeem, {"code": text}, idempotency_key=idempotency_key, actor=actor, code=text
    )
    attempts.count()

    def finish(outcomes: list[Outcome]) -> Receipt:
        receipt = prepared.finish(outcomes)
        attempts.take_back()
        return receipt

    return Prepared(prepared.call, finish)


@dataclass(frozen=True, slots=True)
class Attempts:
    """An account's attempts, counted in the database so that every process sees the same.

    One is counted before the code is looked at and taken back when it is right: a hundred guesses sent at the same
    moment are a hundred counted attempts.
    """

    core: Core
    ref: AccountRef

    @property
    def _subject(self) -> str:
        return f"code {self.ref.org_id}/{self.ref.account_id}"

    def count(self) -> None:
        """Count one attempt. Raises `LimitExceeded` when this account has to wait."""
        now, store = self.core.now(), self.core.store

        def counted() -> int | None:
            with store.write() as connection:
                attempts, ends = rows.count_attempt(connection, self._subject, now, WINDOW)
            return max(1, int((ends - now).total_seconds())) if attempts > ATTEMPTS else None

        wait = store.retrying(counted)
        if wait is not None:
            minutes = -(-wait // 60)
            message = f"Too many codes that were not right. Try again in {minutes} minute{'s' if minutes > 1 else ''}."
            raise LimitExceeded(message, "code_attempts", wait)

    def take_back(self) -> None:
        """The code was right: it was no failed attempt."""
        store = self.core.store

        def taken() -> None:
            with store.write() as connection:
                rows.take_back_attempt(connection, self._subject)

        store.retrying(taken)
