"""${message}

Revision ID: ${up_revision}
Revises: ${down_revision | comma,n}

Before you commit, check that

* the version before this one still works on the new schema: add first, remove one release later. A column that old code
  does not know needs a default or may be NULL; a rename is an addition, a copy and, later, a removal;
* every table that an organization owns leads each key with `org_id` and is passed to `enable_row_security`;
* every table of things that happened is passed to `protect_history`;
* tables are made by `create_strict`, with the column types of `store.tables.base`, and spelt out here: import nothing
  from the table modules, which will have moved on when this runs again;
* a rule that must never break is a CHECK here, not only an `if` in Python. Alembic compares neither CHECKs nor
  triggers nor policies; `tests/store/test_migrations.py` does;
* a big table is changed without holding its lock for long (PostgreSQL: NOT VALID, then VALIDATE), and filled in batches;
* `downgrade` undoes all of it: the tests go up, down and up again and compare the catalogs, on SQLite and PostgreSQL.

Name the file NNNN_noun.py with `revision = "NNNN_noun"`; the chain is linear.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from creditbook.store.migrations.defend import (
    create_strict,
    drop_strict,
    enable_row_security,
    protect_history,
)
from creditbook.store.tables.base import Big, Bool, Day, Json, Text, When
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """What is new, and why."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """Back to how it was."""
    ${downgrades if downgrades else "pass"}
