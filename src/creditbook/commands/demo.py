"""`creditbook demo`: sample organizations to look at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar
from rich.table import Table

from creditbook.commands.output import JsonOption, answer, table
from creditbook.demo.filling import Demo, Tell, fill
from creditbook.installation import installation

SHOWN = 5
"""How many people of each organization a terminal lists: an administrator, finance and the busiest users."""


def demo(
    seed: Annotated[int, typer.Option(min=0, help="The same seed tells the same story.")] = 1,
    days: Annotated[int, typer.Option(min=30, max=1_000, help="How many days of it.")] = 120,
    users: Annotated[int, typer.Option(min=10, max=500, help="Users in each organization.")] = 12,
    as_json: JsonOption = False,
) -> None:
    """Fill an empty database with sample organizations, their people and months of made-up usage.

    Again: nothing new, the same people and passwords. Refused where real data is.
    """
    here = installation()
    if not here.store.is_current():
        here.store.upgrade()
    with _bar() as tell:
        made = fill(here.store, here.clock, seed=seed, days=days, users=users, tell=tell)
    answer(_told(made), _said(made), as_json=as_json)


def _told(made: Demo) -> dict[str, object]:
    return {
        "organizations": [
            {
                "slug": organization.slug,
                "program": organization.program,
                "people": [
                    {"username": login.username, "password": login.password, "role": login.role, "name": login.name,
                     "is_operator": login.is_operator}
                    for login in organization.people
                ],
                "api_keys": organization.api_keys,
            }
            for organization in made.organizations
        ],
        "acts": made.acts,
        "refusals": made.refusals,
        "seed": made.seed,
        "days": made.days,
        "users": made.users,
    }  # fmt: skip


def _said(made: Demo) -> list[str | Table]:
    shown = table("organization", "sign in as", "password", "role", "name")
    for organization in made.organizations:
        for login in organization.people[:SHOWN]:
            role = f"{login.role}, operator" if login.is_operator else login.role
            shown.add_row(organization.slug, login.username, login.password, role, login.name)
    for column in shown.columns[:3]:
        column.no_wrap = True  # a password that wraps can't be copied
    head = f"The demo is ready: {made.days} days, {made.acts:,} things that happened."
    if not made.acts:
        head = "The demo is there already; nothing new was written. Passwords that people changed since are not shown."
    more = "Everybody else, and an API key of each scope for every organization: creditbook demo --json"
    return [head, shown, more, "It is sample data: use another database for real work."]


@contextmanager
def _bar() -> Iterator[Tell]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        tasks: dict[str, TaskID] = {}

        def tell(slug: str, done: int, of: int) -> None:
            if slug not in tasks:
                tasks[slug] = bar.add_task(slug, total=of)
            bar.update(tasks[slug], completed=done)

        yield tell
