"""`creditbook …`: puts the commands together and turns what they raise into a sentence and an exit code.

Exit codes: 0 done, 1 refused or a check failed, 2 bad usage, 130 interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from creditbook.commands import (
    alerting,
    amounts,
    closing,
    demo,
    exchange,
    export_schedules,
    exporting,
    importing,
    keeping,
    keys,
    maintenance,
    organizations,
    pricing,
    promo,
    proving,
    serving,
    setup,
    sources,
)
from creditbook.commands.output import EXIT_REFUSED, EXIT_USAGE, refuse, wants_json
from creditbook.commands.values import WholeTokens
from creditbook.domain.errors import LedgerError
from creditbook.installation import close_installations, unanswered
from creditbook.settings import SettingsError
from creditbook.store.retry import is_no_database, is_unreachable

cli = typer.Typer(
    name="creditbook",
    help="A ledger of tokens and credits, and the dashboard its people need.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("creditbook"))
        raise typer.Exit


@cli.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Reads CREDITBOOK_DATABASE_URL (default sqlite:///data/creditbook.db under the working directory)."""


for command in (
    setup.init, demo.demo, serving.serve, amounts.balance, maintenance.sweep, proving.verify,
    closing.close, keeping.backup, keeping.restore,
):  # fmt: skip
    cli.command()(command)
cli.command(cls=WholeTokens)(amounts.grant)
for group, name in (
    (organizations.organizations, "org"), (organizations.accounts, "account"), (organizations.users, "user"),
    (organizations.programs, "program"), (importing.importing, "import"), (maintenance.resets, "reset"),
    (pricing.price, "price"), (exchange.fx, "fx"), (keeping.rebuilding, "rebuild"), (alerting.alerts, "alerts"),
    (keys.keys, "key"), (promo.promo, "promo"), (sources.sources, "source"),
    (exporting.exporting, "export"),
):  # fmt: skip
    cli.add_typer(group, name=name)
exporting.exporting.add_typer(export_schedules.scheduling, name="schedule")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command line and ends the process with its exit code."""
    as_json = wants_json(arguments)
    try:
        cli(args=arguments)
    except SettingsError as error:
        refuse(str(error), as_json=as_json, kind="SettingsError")
        sys.exit(EXIT_USAGE)
    except LedgerError as error:
        refuse(str(error), as_json=as_json, kind=type(error).__name__)
        sys.exit(EXIT_REFUSED)
    except Exception as error:
        if not (is_unreachable(error) or is_no_database(error)):
            raise
        refuse(str(unanswered(error)), as_json=as_json, kind="Unavailable")
        sys.exit(EXIT_REFUSED)
    finally:
        close_installations()
