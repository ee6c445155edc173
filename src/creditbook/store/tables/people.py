"""People and how they come in. Only `membership` belongs to an organization; the rest is the installation's.

A person's name stands here and nowhere in the books: the ledger knows accounts.
Tokens are never stored: `token_hash` is the SHA-256 of 256 random bits, in hexadecimal.
"""

from __future__ import annotations

import sqlalchemy as sa

from creditbook.store.tables.base import Big, Small, Text, When, flag, key, org_id, refers, table


def _person(*, nullable: bool = False) -> sa.Column[int]:
    """The person a row is about."""
    return sa.Column("person_id", Big, sa.ForeignKey("person.person_id", ondelete="RESTRICT"), nullable=nullable)


person = table(
    "person",
    key("person_id"),
    sa.Column("user_name", Text, nullable=False, unique=True),
    sa.Column("display_name", Text, nullable=False),
    sa.Column("email", Text, nullable=False, default=""),
    sa.Column("password_hash", Text),  # NULL until the invitation is accepted
    flag("is_active", default=True),
    flag("is_operator"),
    sa.Column("created_at", When, nullable=False),
    sa.Column("password_changed_at", When),
    sa.CheckConstraint("user_name = lower(user_name) AND user_name <> ''", name="user_name_is_lower"),
)

membership = table(
    "membership",
    org_id(),
    key("person_id"),
    sa.Column("role", Text, nullable=False),
    sa.Column("account_id", Big),
    flag("is_active", default=True),
    sa.Column("created_at", When, nullable=False),
    refers("", "organization"),
    refers("account_id", "account"),
    sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], ondelete="RESTRICT"),
    sa.UniqueConstraint("org_id", "account_id"),
    sa.CheckConstraint("role IN ('user', 'admin', 'finance')", name="role_is_known"),
    sa.Index("ix_membership_person_id", "person_id"),
)

web_session = table(
    "web_session",
    key("token_hash", Text),
    sa.Column("kind", Text, nullable=False),
    _person(),
    sa.Column("org_id", Big),  # where she works now; checked against membership on every read
    sa.Column("browser_hash", Text, nullable=False, default=""),  # a ticket opens in the browser that asked for it
    sa.Column("created_at", When, nullable=False),
    sa.Column("idle_until", When, nullable=False),
    sa.Column("expires_at", When, nullable=False),
    sa.Column("revoked_at", When),
    sa.CheckConstraint("kind IN ('session', 'ticket')", name="kind_is_known"),
    sa.Index("ix_web_session_person_id", "person_id"),
    sa.Index("ix_web_session_expires_at", "expires_at"),
)

login_failure = table(
    "login_failure",
    key("subject", Text),  # "pair asha 203.0.113.7", "address 203.0.113.7" or "name asha"
    sa.Column("attempts", Big, nullable=False),
    sa.Column("window_ends_at", When, nullable=False),
    sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
    sa.Index("ix_login_failure_window_ends_at", "window_ends_at"),
)

setup_token = table(
    "setup_token",
    key("singleton", Small),  # one row, so that one token at a time opens the house
    sa.Column("token_hash", Text, nullable=False),
    sa.Column("created_at", When, nullable=False),
    sa.Column("used_at", When),
    sa.CheckConstraint("singleton = 1", name="there_is_one"),
)

one_time_link = table(
    "one_time_link",
    key("token_hash", Text),
    sa.Column("kind", Text, nullable=False),
    _person(),
    sa.Column("org_id", Big, nullable=False),  # whose administrator made it
    sa.Column("created_by", Text, nullable=False),
    sa.Column("created_at", When, nullable=False),
    sa.Column("expires_at", When, nullable=False),
    sa.Column("used_at", When),
    sa.CheckConstraint("kind IN ('invitation', 'reset')", name="kind_is_known"),
    sa.Index("ix_one_time_link_person_id", "person_id"),
)

PEOPLE = (person, membership, web_session, login_failure, setup_token, one_time_link)
