"""People, roles and sessions: who may come in, and who is behind a cookie now.

    access = Access(store, clock)
    ticket = access.sessions.sign_in("asha", "…", address="203.0.113.7", browser="…")

Services over a store and a clock that are handed in; nothing here knows Streamlit's pages or HTTP.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from creditbook.access.own_password import OwnPassword
from creditbook.access.people import Invited, People, console
from creditbook.access.sessions import Sessions
from creditbook.access.setup import Setup
from creditbook.access.values import (
    ROLE_TITLES,
    ROLES,
    Clock,
    Link,
    LinkSpent,
    Member,
    NotAllowed,
    Principal,
    Role,
    Seat,
    SignInRefused,
    TooManyAttempts,
    WeakPassword,
)
from creditbook.store.engine import Store

__all__ = [
    "ROLES",
    "ROLE_TITLES",
    "Access",
    "Invited",
    "Link",
    "LinkSpent",
    "Member",
    "NotAllowed",
    "Principal",
    "Role",
    "Seat",
    "SignInRefused",
    "TooManyAttempts",
    "WeakPassword",
    "console",
]


class Access:
    """The four services of the door over one store."""

    def __init__(self, store: Store, clock: Clock, pause: Callable[[float], None] = time.sleep) -> None:
        self.sessions = Sessions(store, clock, pause)
        self.people = People(store, clock)
        self.own_password = OwnPassword(self.sessions)
        self.setup = Setup(self.sessions)
