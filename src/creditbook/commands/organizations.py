"""Set-up without a browser: `creditbook org`, `account`, `user`, `program`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from creditbook.access import Access, Role, console
from creditbook.commands.amounts import Account
from creditbook.commands.output import JsonOption, answer
from creditbook.commands.values import CONSOLE, account_in, where_links_lead
from creditbook.domain.errors import InvalidRequest
from creditbook.installation import installation
from creditbook.programs import load_program, program_to_toml

organizations = typer.Typer(help="Organizations: tenants that run a program each.", no_args_is_help=True)
accounts = typer.Typer(help="Accounts that hold tokens.", no_args_is_help=True)
users = typer.Typer(help="People who sign in.", no_args_is_help=True)
programs = typer.Typer(help="Credit programs, which are TOML.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; it stands in the audit log.")]
ProgramFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A program's TOML file.")]
Slug = Annotated[str, typer.Argument(help="The organization's short name.")]


@organizations.command("create")
def create_organization(
    slug: Slug,
    program: Annotated[str, typer.Option(help="A program that ships with Creditbook, or the path of a TOML file.")],
    name: Annotated[str, typer.Option(help="How people read it; the program's title when left out.")] = "",
    zone: Annotated[str | None, typer.Option(help="IANA time zone; the program's when left out.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Create an organization that runs a program."""
    runs, here = load_program(program), installation().ready()
    made = here.ledger.create_organization(slug, runs, name=name, zone=zone, actor=CONSOLE)
    answer(made, f"Created {made.slug} ({made.name}) in {made.zone}, {made.currency}.", as_json=as_json)


@accounts.command("create")
def create_account(
    account: Account,
    plan: Annotated[str, typer.Option(help="Plan; the program's default when left out.")] = "",
    zone: Annotated[str | None, typer.Option(help="IANA time zone; the organization's when left out.")] = None,
    pool: Annotated[bool, typer.Option("--pool", help="Let the member draw on the organization's pool.")] = False,
    quota: Annotated[int | None, typer.Option(min=0, help="Tokens the member may draw per pool period.")] = None,
    external_id: Annotated[str | None, typer.Option(help="Your application's own id.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Open an account with what the program opens at sign-up."""
    here = installation().ready()
    name = account_in(here, account)
    here.ledger.open_account(
        name, plan=plan, zone=zone, draws_on_pool=pool, quota=quota, external_id=external_id, actor=CONSOLE
    )
    opened = here.ledger.balance(account)
    left = "unlimited" if opened.available is None else f"{opened.available:,} tokens"
    answer(opened, f"Opened {account}: {left} available.", as_json=as_json)


@users.command("invite")
def invite(
    slug: Slug,
    user_name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    role: Annotated[str, typer.Option(help="user, admin or finance, in this organization.")] = "user",
    name: Annotated[str, typer.Option(help="The person's name, as people read it.")] = "",
    email: Annotated[str, typer.Option(help="E-mail address; nothing is sent to it now.")] = "",
    account: Annotated[
        str | None, typer.Option(help="The person's account: its name after the slash; it must be open.")
    ] = None,
    reason: Reason = "invited on the command line",
    as_json: JsonOption = False,
) -> None:
    """Invite a person. Prints the one-time link to hand over."""
    here = installation().ready()
    (organization,) = here.organizations(slug)
    actor = console(organization.org_id, organization.slug, organization.name, organization.zone)
    people = Access(here.store, here.clock).people
    invited = people.invite(actor, user_name, name, cast(Role, role), email=email, reason=reason)
    if account is not None:
        people.give_account(actor, invited.person_id, account, reason=reason)
    link = None if invited.token is None else here.settings.link(link=invited.token)
    who = invited.user_name
    said = [f"Invited {who} to {slug} as {role}."]
    if link is None:
        said.append(f"{who} has a password already and signs in with it.")
    else:
        said += [f"One-time link for {who}, good for seven days:  {link}", *where_links_lead(here.settings)]
    answer({"username": invited.user_name, "role": role, "link": link}, said, as_json=as_json)


@programs.command("load")
def load(
    file: ProgramFile,
    org: Annotated[
        str | None, typer.Option(help="The organization that shall run it; the one called as the program if left out.")
    ] = None,
    reason: Reason = "loaded on the command line",
    as_json: JsonOption = False,
) -> None:
    """Put a program in force as a new version. Running periods keep what they have."""
    program, here = load_program(file), installation().ready()
    slug = program.name if org is None else org
    if org is None and all(one.slug != slug for one in here.organizations()):
        raise InvalidRequest(f"No organization is called {slug} like the program. Say which shall run it: --org SLUG.")
    here.organizations(slug)
    version = here.ledger.load_program(slug, program, reason=reason, actor=CONSOLE)
    answer(
        {"organization": slug, "program": program.name, "version": version},
        f"{slug} runs {program.name}, version {version}.",
        as_json=as_json,
    )


@programs.command("export")
def export(slug: Slug, as_json: JsonOption = False) -> None:
    """Print the program that an organization runs, as TOML that `program load` takes."""
    here = installation().ready()
    here.organizations(slug)
    toml = program_to_toml(here.ledger.program(slug))
    answer({"organization": slug, "toml": toml}, toml.rstrip("\n"), as_json=as_json)
