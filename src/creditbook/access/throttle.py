"""How often a password may be tried, counted in the database so that every process sees the same.

Three counts, each over a window that begins with its first attempt:

* one user name from one address: after ``PAIR_ATTEMPTS`` that address waits for the window's end;
* one address, whatever the names: after ``ADDRESS_ATTEMPTS`` it waits;
* one user name from anywhere: beyond ``SLOW_AFTER`` every answer about it is slow, but it is never refused, so that
  nobody is locked out of her account by somebody elsewhere.

An attempt is counted before the password is looked at and taken back when it is right: a hundred guesses sent at the
same moment are a hundred counted attempts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from creditbook.access.values import TooManyAttempts
from creditbook.store import sessions as rows
from creditbook.store.engine import Store
from creditbook.store.people import Connection

WINDOW = timedelta(minutes=15)
PAIR_ATTEMPTS = 5
ADDRESS_ATTEMPTS = 50
SLOW_AFTER = 10
SLOW_SECONDS = 2.0


class Throttle:
    """The three counts of one (user name, address)."""

    def __init__(self, store: Store, user_name: str, address: str) -> None:
        short = user_name[:64]
        self._store = store
        self._pair = f"pair {short} {address[:64]}"
        self._address = f"address {address[:64]}"
        self._name = f"name {short}"

    def admit(self, now: datetime) -> float:
        """Count one attempt. Returns the seconds to wait before answering it: 0 but for a name under attack.

        Raises:
            TooManyAttempts: when this address has to wait.
        """
        refusal, pause_seconds = self._store.retrying(lambda: self._count(now))
        if refusal is not None:
            raise refusal
        return pause_seconds

    def _count(self, now: datetime) -> tuple[TooManyAttempts | None, float]:
        with self._store.write() as connection:
            for subject, limit in ((self._pair, PAIR_ATTEMPTS), (self._address, ADDRESS_ATTEMPTS)):
                attempts, ends = rows.count_attempt(connection, subject, now, WINDOW)
                if attempts > limit:
                    return TooManyAttempts(max(1, int((ends - now).total_seconds()))), 0.0
            attempts, _ = rows.count_attempt(connection, self._name, now, WINDOW)
        return None, SLOW_SECONDS if attempts > SLOW_AFTER else 0.0

    def forgive(self, connection: Connection) -> None:
        """The password was right: the name's counts begin anew, and the address gets its attempt back."""
        rows.forget_attempts(connection, self._pair)
        rows.take_back_attempt(connection, self._address)
        rows.forget_attempts(connection, self._name)
