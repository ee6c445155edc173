"""People and how they come in: persons, their places in organizations, sessions, links, failed sign-ins.

Only `membership` belongs to an organization. A person may also see her own places in others, which is how the switcher
between them works; writing takes the organization itself.
"""

from __future__ import annotations

import sqlalchemy as sa

from creditbook.store.migrations.defend import CURRENT_PERSON, create_strict, drop_strict, enable_row_security
from creditbook.store.tables.base import Big, Small, Text, When, flag, key, org_id, refers

revision = "0003_people"
down_revision = "0002_prices"
branch_labels = None
depends_on = None

# Children first: a table goes before the one that it points to.
DROP_ORDER = ("one_time_link", "setup_token", "login_failure", "web_session", "membership", "person")


def upgrade() -> None:
    """The people first, then what points to them."""
    _people()
    _sessions()
    _doors()
    enable_row_security("membership", or_visible=f"person_id = {CURRENT_PERSON}")


def _person() -> sa.Column[int]:
    return sa.Column("person_id", Big, sa.ForeignKey("person.person_id", ondelete="RESTRICT"), nullable=False)


def _people() -> None:
    create_strict(
        "person",
        key("person_id"),
        sa.Column("user_name", Text, nullable=False, unique=True),
        sa.Column("display_name", Text, nullable=False),
        sa.Column("email", Text, nullable=False),
        sa.Column("password_hash", Text),
        flag("is_active"),
        flag("is_operator"),
        sa.Column("created_at", When, nullable=False),
        sa.Column("password_changed_at", When),
        sa.CheckConstraint("user_name = lower(user_name) AND user_name <> ''", name="user_name_is_lower"),
    )
    create_strict(
        "membership",
        org_id(),
        key("person_id"),
        sa.Column("role", Text, nullable=False),
        sa.Column("account_id", Big),
        flag("is_active"),
        sa.Column("created_at", When, nullable=False),
        refers("", "organization"),
        refers("account_id", "account"),
        sa.ForeignKeyConstraint(["person_id"], ["person.person_id"], ondelete="RESTRICT"),
        sa.UniqueConstraint("org_id", "account_id"),
        sa.CheckConstraint("role IN ('user', 'admin', 'finance')", name="role_is_known"),
        sa.Index("ix_membership_person_id", "person_id"),
    )


def _sessions() -> None:
    create_strict(
        "web_session",
        key("token_hash", Text),
        sa.Column("kind", Text, nullable=False),
        _person(),
        sa.Column("org_id", Big),
        sa.Column("browser_hash", Text, nullable=False),
        sa.Column("created_at", When, nullable=False),
        sa.Column("idle_until", When, nullable=False),
        sa.Column("expires_at", When, nullable=False),
        sa.Column("revoked_at", When),
        sa.CheckConstraint("kind IN ('session', 'ticket')", name="kind_is_known"),
        sa.Index("ix_web_session_person_id", "person_id"),
        sa.Index("ix_web_session_expires_at", "expires_at"),
    )
    create_strict(
        "login_failure",
        key("subject", Text),
        sa.Column("attempts", Big, nullable=False),
        sa.Column("window_ends_at", When, nullable=False),
        sa.CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        sa.Index("ix_login_failure_window_ends_at", "window_ends_at"),
    )


def _doors() -> None:
    create_strict(
        "setup_token",
        key("singleton", Small),
        sa.Column("token_hash", Text, nullable=False),
        sa.Column("created_at", When, nullable=False),
        sa.Column("used_at", When),
        sa.CheckConstraint("singleton = 1", name="there_is_one"),
    )
    create_strict(
        "one_time_link",
        key("token_hash", Text),
        sa.Column("kind", Text, nullable=False),
        _person(),
        sa.Column("org_id", Big, nullable=False),
        sa.Column("created_by", Text, nullable=False),
        sa.Column("created_at", When, nullable=False),
        sa.Column("expires_at", When, nullable=False),
        sa.Column("used_at", When),
        sa.CheckConstraint("kind IN ('invitation', 'reset')", name="kind_is_known"),
        sa.Index("ix_one_time_link_person_id", "person_id"),
    )


def downgrade() -> None:
    """People and sessions go; accounts and their books stay."""
    drop_strict(*DROP_ORDER)
