"""`creditbook key`: made and shown once, listed without their texts, revoked."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.terminal import Run, runner

from creditbook.access.api_keys import KeyRefused, authenticate
from creditbook.installation import installation


@pytest.fixture
def run(sqlite_url: str, installed_at: Callable[[str], None], capsys: pytest.CaptureFixture[str]) -> Run:
    """Commands on a database in which one organization runs."""
    installed_at(sqlite_url)
    made = runner(capsys)
    made("org", "create", "acme", "--program", "daily")
    return made


def test_a_key_is_made_listed_and_revoked(run: Run) -> None:
    made = run("key", "create", "--org", "acme", "--scope", "spend", "--name", "Website")
    here = installation()
    assert authenticate(here.store, made["key"], here.clock()).org_slug == "acme"
    (listed,) = run("key", "list", "--org", "acme")["keys"]
    assert (listed["name"], listed["state"], listed["key_id"]) == ("Website", "active", made["key_id"])
    assert made["key"] not in str(listed)
    assert run("key", "revoke", str(made["key_id"]), "--org", "acme")["revoked"]
    with pytest.raises(KeyRefused):
        authenticate(here.store, made["key"], here.clock())


def test_a_key_that_ends_works_through_its_last_day(run: Run) -> None:
    made = run("key", "create", "--org", "acme", "--scope", "read", "--expires", "2099-12-31")
    assert made["expires_at"] == "2099-12-31T17:00:00Z", "midnight after that day in Bangkok, where daily runs"


def test_wrong_scopes_organizations_and_accounts_are_refused_in_words(run: Run) -> None:
    assert run("key", "create", "--org", "acme", "--scope", "write", status=1)["error"] == "InvalidRequest"
    assert run("key", "create", "--org", "nope", "--scope", "read", status=1)["error"] == "NotFound"
    refused = run("key", "create", "--org", "acme", "--scope", "read", "--account", "nobody", status=1)
    assert "nobody" in refused["detail"]
    assert run("key", "revoke", "12345", "--org", "acme", status=1)["error"] == "NotFound"
