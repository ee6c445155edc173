"""Whom to sign in as when the demo is served: a few people whose passwords are still the demo's."""

from __future__ import annotations

import bcrypt

from creditbook.store import directory, people, samples
from creditbook.store.engine import Store

from .acts import Person
from .cast import daily_people, studio_people
from .filling import HOW_MADE, SampleLogin, login_of

_CASTS = {"studio": studio_people, "daily": daily_people}


def first_logins(store: Store) -> list[SampleLogin]:
    """One administrator and one user of the first sample organization; nobody where no sample data is.

    Whoever has changed her password since is left out.
    """
    there = {one.slug: one for one in directory.organizations(store) if one.is_sample}
    for slug, cast in _CASTS.items():
        if slug in there:
            reason, start = samples.how_made(store, there[slug].org_id)
            begun = HOW_MADE.search(reason)
            if begun is not None:
                everybody = cast(int(begun[3]))
                chosen = [_first(everybody, "admin"), _first(everybody, "user")]
                logins = [login_of(slug, person, start) for person in chosen]
                return [login for login in logins if _still_opens(store, login)]
    return []


def _first(everybody: tuple[Person, ...], role: str) -> Person:
    return next(person for person in everybody if person.role == role)


def _still_opens(store: Store, login: SampleLogin) -> bool:
    with store.read() as connection:
        person = people.person_by_name(connection, login.username)
    return person is not None and bcrypt.checkpw(login.password.encode(), person.password_hash.encode())
