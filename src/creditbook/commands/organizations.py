"""Set-up without a browser: `creditbook org`, `account`, `user`, `program`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, cast

import typer

from creditbook.access import Access, Role, console
from creditbook.commands.amounts import Account
from creditbook.commands.output import JsonOption, answer
from creditbook.commands.values import CONSOLE
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
    made = installation().ledger.create_organization(slug, load_program(program), name=name, zone=zone, actor=CONSOLE)
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
    here = installation()
    here.ledger.open_account(
        account, plan=plan, zone=zone, draws_on_pool=pool, quota=quota, external_id=external_id, actor=CONSOLE
    )
    opened = here.ledger.balance(account)
    left = "unlimited" if opened.available is None else f"{opened.available:,} tokens"
    answer(opened, f"Opened {account}: {left} available.", as_json=as_json)


@users.command("invite")
def invite(
    slug: Slug,
    user_name: Annotated[str, typer.Argument(help="The name she will sign in with.")],
    role: Annotated[str, typer.Option(help="user, admin or finance.")] = "user",
    name: Annotated[str, typer.Option(help="How people read her name.")] = "",
    email: Annotated[str, typer.Option(help="Her address; nothing is sent to it now.")] = "",
    account: Annotated[str | None, typer.Option(help="Her account's name after the slash; it must be open.")] = None,
    reason: Reason = "invited on the command line",
    as_json: JsonOption = False,
) -> None:
    """Invite a person. Prints the one-time link to hand to her."""
    here = installation()
    organization = here.ledger.core.organization(slug)
    actor = console(organization.org_id, organization.slug, organization.name, organization.zone)
    people = Access(here.store, here.clock).people
    invited = people.invite(actor, user_name, name, cast(Role, role), email=email, reason=reason)
    if account is not None:
        people.give_account(actor, invited.person_id, account, reason=reason)
    link = None if invited.token is None else here.settings.link(link=invited.token)
    way_in = f"Her one-time link, good for seven days:  {link}" if link else "She signs in with her own password."
    said = [f"Invited {invited.user_name} to {slug} as {role}.", way_in]
    answer({"username": invited.user_name, "role": role, "link": link}, said, as_json=as_json)


@programs.command("load")
def load(
    file: ProgramFile,
    org: Annotated[str, typer.Option(help="The organization that shall run it.")],
    reason: Reason = "loaded on the command line",
    as_json: JsonOption = False,
) -> None:
    """Put a program in force as a new version. Running periods keep what they have."""
    program = load_program(file)
    version = installation().ledger.load_program(org, program, reason=reason, actor=CONSOLE)
    answer(
        {"organization": org, "program": program.name, "version": version},
        f"{org} runs {program.name}, version {version}.",
        as_json=as_json,
    )


@programs.command("export")
def export(slug: Slug, as_json: JsonOption = False) -> None:
    """Print the program that an organization runs, as TOML that `program load` takes."""
    toml = program_to_toml(installation().ledger.program(slug))
    answer({"organization": slug, "toml": toml}, toml.rstrip("\n"), as_json=as_json)
