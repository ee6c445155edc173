"""Whom `creditbook serve` names beside the address of a demo."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from creditbook.access import passwords
from creditbook.demo.filling import Demo, fill
from creditbook.demo.welcome import first_logins
from creditbook.ledger.ledger import ledger_on
from creditbook.programs import load_program
from creditbook.store import people
from creditbook.store.engine import Store, open_store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def filled(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Demo]]:
    store = open_store(f"sqlite:///{shutil.copy(sqlite_template, tmp_path_factory.mktemp('demo') / 'demo.db')}")
    yield store, fill(store, lambda: NOW, seed=1, days=30, users=10, tell=lambda *_: None)
    store.close()


def test_an_administrator_and_a_user_are_named_with_the_passwords_they_have(filled: tuple[Store, Demo]) -> None:
    store, made = filled
    named = first_logins(store)
    assert [one.role for one in named] == ["admin", "user"]
    everybody = [login for organization in made.organizations for login in organization.people]
    assert all(one in everybody for one in named)


def test_who_changed_the_password_is_not_named(filled: tuple[Store, Demo]) -> None:
    store, _ = filled
    admin, user = first_logins(store)
    with store.write() as connection:
        person = people.person_by_name(connection, admin.username)
        assert person is not None
        changed = passwords.hash_new("a-new-one-4711", 4)
        people.change_person(connection, person.person_id, password_hash=changed)
    assert first_logins(store) == [user]


def test_nobody_is_named_where_the_data_is_real(sqlite_url: str) -> None:
    store = open_store(sqlite_url)
    with ledger_on(store) as ledger:
        ledger.create_organization("studio", load_program("studio"))
        assert first_logins(store) == []
