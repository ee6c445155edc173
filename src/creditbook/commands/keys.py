"""`creditbook key …`: keys with which programs come in."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Annotated, cast

import typer

from creditbook.access import Principal, console
from creditbook.access.api_keys import ApiKey, ApiKeys, Scope
from creditbook.commands.output import JsonOption, answer, table
from creditbook.commands.values import day_or_instant
from creditbook.domain.calendar import start_of_day
from creditbook.installation import Installation, installation

keys = typer.Typer(help="API keys: how programs come in.", no_args_is_help=True)

Org = Annotated[str, typer.Option("--org", help="The organization's short name.")]
Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log.")]


@keys.command("create")
def create(
    org: Org,
    scope: Annotated[str, typer.Option(help="read, spend (reads too) or admin (all of it).")],
    name: Annotated[str, typer.Option(help="What will use it.")] = "command line",
    account: Annotated[str | None, typer.Option(help="Bind it to one account: its name after the slash.")] = None,
    expires: Annotated[
        str | None, typer.Option(help="The last day that it works (YYYY-MM-DD), or an instant with its zone.")
    ] = None,
    reason: Reason = "made on the command line",
    as_json: JsonOption = False,
) -> None:
    """Make an API key and print it. It is shown this once."""
    here, actor = _who(org)
    ends = None if expires is None else _end(expires, actor.zone)
    made = ApiKeys(here.store, here.clock).create(
        actor, name, cast(Scope, scope), account=account, expires_at=ends, reason=reason
    )
    answer(
        {"key": made.text, "key_id": made.key_id, "name": made.name, "scopes": made.scopes, "expires_at": ends},
        [f"The key for {org}, shown only now:  {made.text}", "Programs send it as  Authorization: Bearer …"],
        as_json=as_json,
    )


@keys.command("list")
def show(org: Org, as_json: JsonOption = False) -> None:
    """List the organization's keys, newest first. Their texts are not kept."""
    here, actor = _who(org)
    found = ApiKeys(here.store, here.clock).every(actor)
    now = here.clock()
    listed = table("id", "name", "begins with", "scope", "account", "state", "last used (UTC)", right=("id",))
    for key in found:
        used = f"{key.last_used_at:%Y-%m-%d %H:%M}" if key.last_used_at else "never"
        listed.add_row(str(key.key_id), key.name, key.shown, key.scope, _whose(key), key.state(now), used)
    told = [{**asdict(key), "state": key.state(now)} for key in found]
    answer({"organization": org, "keys": told}, listed if found else f"{org} has no API key.", as_json=as_json)


@keys.command("revoke")
def revoke(
    key_id: Annotated[int, typer.Argument(help="Its id, as `creditbook key list` shows it.")],
    org: Org,
    reason: Reason = "revoked on the command line",
    as_json: JsonOption = False,
) -> None:
    """End a key at once and for good."""
    here, actor = _who(org)
    ApiKeys(here.store, here.clock).revoke(actor, key_id, reason=reason)
    answer({"key_id": key_id, "revoked": True}, f"Revoked key {key_id} of {org}.", as_json=as_json)


def _who(org: str) -> tuple[Installation, Principal]:
    here = installation().ready()
    (found,) = here.organizations(org)
    return here, console(found.org_id, found.slug, found.name, found.zone)


def _end(said: str, zone: str) -> datetime:
    """The exclusive end that was meant: a day includes itself, an instant is itself."""
    found = day_or_instant(said)
    return found if isinstance(found, datetime) else start_of_day(found + timedelta(days=1), zone)


def _whose(key: ApiKey) -> str:
    if key.account_id is None:
        return "all"
    return key.account or "the pool"
