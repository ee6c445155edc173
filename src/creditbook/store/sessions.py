"""Sessions, tickets, one-time links, the setup token and the count of failed sign-ins, as rows.

Every function takes a connection of `Store.read` or `Store.write`; none commits. Tokens come in already hashed.
Whatever may be used once is used by one UPDATE whose row count says who was first.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from creditbook.store.tables.base import When
from creditbook.store.tables.people import login_failure, one_time_link, person, setup_token, web_session

Row = sa.Row[*tuple[Any, ...]]

_OPEN_SESSION = (
    sa.select(
        web_session.c.org_id,
        web_session.c.idle_until,
        web_session.c.expires_at,
        person.c.person_id,
        person.c.user_name,
        person.c.display_name,
        person.c.email,
        person.c.is_operator,
    )
    .select_from(web_session.join(person, person.c.person_id == web_session.c.person_id))
    .where(
        web_session.c.token_hash == sa.bindparam("token"),
        web_session.c.kind == "session",
        web_session.c.revoked_at.is_(None),
        web_session.c.expires_at > sa.bindparam("now"),
        web_session.c.idle_until > sa.bindparam("now"),
        person.c.is_active,
    )
)


def open_session(connection: sa.Connection, token_hash: str, now: datetime) -> Row | None:
    """The session behind a cookie with its person, unless ended, idle for too long, too old, or she is deactivated."""
    return connection.execute(_OPEN_SESSION, {"token": token_hash, "now": now}).one_or_none()


def add_session(connection: sa.Connection, **columns: Any) -> None:
    """A new session or ticket."""
    connection.execute(sa.insert(web_session).values(columns))


def use_ticket(connection: sa.Connection, token_hash: str, browser_hash: str, now: datetime) -> Row | None:
    """Spend a ticket in the browser that asked for it; None when it is spent, late, or another browser's."""
    spent = (
        sa.update(web_session)
        .where(
            web_session.c.token_hash == token_hash,
            web_session.c.kind == "ticket",
            web_session.c.browser_hash == browser_hash,
            web_session.c.revoked_at.is_(None),
            web_session.c.expires_at > now,
        )
        .values(revoked_at=now)
        .returning(web_session.c.person_id, web_session.c.org_id)
    )
    return connection.execute(spent).one_or_none()


def keep_alive(connection: sa.Connection, token_hash: str, idle_until: datetime) -> None:
    """Move the idle limit of an open session."""
    its_row = (web_session.c.token_hash == token_hash) & web_session.c.revoked_at.is_(None)
    connection.execute(sa.update(web_session).where(its_row).values(idle_until=idle_until))


def work_in(connection: sa.Connection, token_hash: str, org_id: int) -> None:
    """Make this organization the session's current one."""
    connection.execute(sa.update(web_session).where(web_session.c.token_hash == token_hash).values(org_id=org_id))


def revoke_session(connection: sa.Connection, token_hash: str, now: datetime) -> None:
    """End one session: in every tab that carries its cookie."""
    its_row = (web_session.c.token_hash == token_hash) & web_session.c.revoked_at.is_(None)
    connection.execute(sa.update(web_session).where(its_row).values(revoked_at=now))


def revoke_all(connection: sa.Connection, person_id: int, now: datetime, *, but: str = "") -> None:
    """End every session and ticket of a person, but for the one whose token hash is `but`."""
    hers = (web_session.c.person_id == person_id) & web_session.c.revoked_at.is_(None)
    connection.execute(sa.update(web_session).where(hers, web_session.c.token_hash != but).values(revoked_at=now))


def forget_before(connection: sa.Connection, cutoff: datetime) -> None:
    """Drop sessions and counts that ended before the cutoff: nobody asks for them again."""
    connection.execute(sa.delete(web_session).where(web_session.c.expires_at < cutoff))
    connection.execute(sa.delete(login_failure).where(login_failure.c.window_ends_at < cutoff))


_COUNT = sa.text(
    """
    INSERT INTO login_failure (subject, attempts, window_ends_at) VALUES (:subject, 1, :ends)
    ON CONFLICT (subject) DO UPDATE SET
        attempts = CASE WHEN login_failure.window_ends_at <= :now THEN 1 ELSE login_failure.attempts + 1 END,
        window_ends_at = CASE WHEN login_failure.window_ends_at <= :now THEN :ends ELSE login_failure.window_ends_at END
    RETURNING attempts, window_ends_at
    """
).bindparams(sa.bindparam("now", type_=When), sa.bindparam("ends", type_=When)).columns(
    attempts=sa.BigInteger, window_ends_at=When
)  # fmt: skip


def count_attempt(connection: sa.Connection, subject: str, now: datetime, window: timedelta) -> tuple[int, datetime]:
    """Count one more attempt and return how many the running window has, and when it ends.

    One statement, so that attempts at the same moment are each counted. A right password takes its count back.
    """
    attempts, ends = connection.execute(_COUNT, {"subject": subject, "now": now, "ends": now + window}).one()
    return attempts, ends


def take_back_attempt(connection: sa.Connection, subject: str) -> None:
    """One attempt less: it was a right password."""
    one_less = (login_failure.c.subject == subject) & (login_failure.c.attempts > 0)
    connection.execute(sa.update(login_failure).where(one_less).values(attempts=login_failure.c.attempts - 1))


def forget_attempts(connection: sa.Connection, subject: str) -> None:
    """The count begins anew."""
    connection.execute(sa.delete(login_failure).where(login_failure.c.subject == subject))


def add_link(connection: sa.Connection, **columns: Any) -> None:
    """A one-time link. Older unused ones of the same person stop working."""
    older = (one_time_link.c.person_id == columns["person_id"]) & one_time_link.c.used_at.is_(None)
    connection.execute(sa.update(one_time_link).where(older).values(used_at=columns["created_at"]))
    connection.execute(sa.insert(one_time_link).values(columns))


def _unused(token_hash: str, now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        one_time_link.c.token_hash == token_hash, one_time_link.c.used_at.is_(None), one_time_link.c.expires_at > now
    )


def look_at_link(connection: sa.Connection, token_hash: str, now: datetime) -> Row | None:
    """An unused link with its person, without using it."""
    found = (
        sa.select(one_time_link, person.c.user_name, person.c.display_name)
        .select_from(one_time_link.join(person, person.c.person_id == one_time_link.c.person_id))
        .where(_unused(token_hash, now), person.c.is_active)
    )
    return connection.execute(found).one_or_none()


def use_link(connection: sa.Connection, token_hash: str, now: datetime) -> Row | None:
    """Use a link up; None for whoever comes second."""
    used = sa.update(one_time_link).where(_unused(token_hash, now)).values(used_at=now)
    return connection.execute(used.returning(one_time_link)).one_or_none()


def put_setup_token(connection: sa.Connection, token_hash: str, now: datetime) -> None:
    """The one setup token; an earlier one stops working."""
    connection.execute(sa.delete(setup_token))
    connection.execute(sa.insert(setup_token).values(singleton=1, token_hash=token_hash, created_at=now))


def knows_setup_token(connection: sa.Connection, token_hash: str) -> bool:
    """Whether this token still opens the house."""
    waiting = (setup_token.c.token_hash == token_hash) & setup_token.c.used_at.is_(None)
    return connection.execute(sa.select(setup_token.c.singleton).where(waiting)).one_or_none() is not None


def use_setup_token(connection: sa.Connection, token_hash: str, now: datetime) -> bool:
    """Use the setup token up. True for the first only, however many come at once."""
    waiting = (setup_token.c.token_hash == token_hash) & setup_token.c.used_at.is_(None)
    return connection.execute(sa.update(setup_token).where(waiting).values(used_at=now)).rowcount == 1
