"""Which database errors pass by themselves, and how often we try again."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from creditbook.domain.errors import Unavailable

Result = TypeVar("Result")

ATTEMPTS = 6
FIRST_PAUSE_SECONDS = 0.01

_SERIALIZATION_FAILURE, _DEADLOCK, _UNIQUE_VIOLATION = "40001", "40P01", "23505"


def driver_error(error: BaseException) -> BaseException:
    """What the driver raised, whether or not SQLAlchemy has wrapped it."""
    if isinstance(error, sa.exc.DBAPIError) and error.orig is not None:
        return error.orig
    return error


def passes_by_itself(error: BaseException) -> bool:
    """A deadlock, a serialization failure, or SQLite's write lock held by another process: nothing was written."""
    raised = driver_error(error)
    if isinstance(raised, ConnectionLost):
        return True
    if getattr(raised, "sqlstate", None) in {_SERIALIZATION_FAILURE, _DEADLOCK}:
        return True
    return str(getattr(raised, "sqlite_errorname", "")).startswith("SQLITE_BUSY") or (
        type(raised).__name__ == "OperationalError" and "database is locked" in str(raised)
    )


def is_taken(error: BaseException) -> bool:
    """A key or name that somebody else wrote first, after this batch had looked: look again and decide anew."""
    raised = driver_error(error)
    # pysqlite3 gives no error names, so SQLite's own sentence has to tell.
    return getattr(raised, "sqlstate", None) == _UNIQUE_VIOLATION or (
        type(raised).__name__ == "IntegrityError" and str(raised).startswith("UNIQUE constraint failed")
    )


class ConnectionLost(Exception):
    """The connection broke under a batch, perhaps at its commit. Run it again: its keys tell what arrived."""


def is_unreachable(error: BaseException) -> bool:
    """The server is gone, or went away in the middle: whether a commit arrived is for the idempotency key to say."""
    raised = driver_error(error)
    return type(raised).__name__ in {"OperationalError", "InterfaceError", "AdminShutdown", "TimeoutError"}


def is_no_database(error: BaseException) -> bool:
    """The file is not one of SQLite's, or is damaged."""
    return type(driver_error(error)).__name__ == "DatabaseError"


def first_words(error: BaseException) -> str:
    """The first line of what the driver said, for a sentence to people."""
    return (str(driver_error(error)).strip().splitlines() or [type(error).__name__])[0]


def retrying(work: Callable[[], Result]) -> Result:
    """Calls `work` until it succeeds, at most six times, with a jittered and growing pause between.

    Raises Unavailable when the reason stays or the database cannot be reached.
    """
    for attempt in range(ATTEMPTS):
        try:
            return work()
        except Exception as error:
            if passes_by_itself(error) and attempt + 1 < ATTEMPTS:
                time.sleep(random.uniform(0.5, 1.5) * FIRST_PAUSE_SECONDS * 2**attempt)  # noqa: S311
            elif passes_by_itself(error) or is_unreachable(error):
                raise Unavailable("The database did not answer. Repeat the call with the same key.") from error
            else:
                raise
    raise AssertionError("unreachable: the last attempt returns or raises")
