"""`creditbook source …`: where usage comes from by itself, what is made of it, and what waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any

import typer

from creditbook.access import Principal, console
from creditbook.commands.importing import EXIT_INTERRUPTED, stopping
from creditbook.commands.output import JsonOption, answer, table
from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.ingest.mapping import pairs
from creditbook.installation import Installation, installation
from creditbook.reports.finance.periods import today
from creditbook.sources import reading
from creditbook.sources.replaying import replay as try_again
from creditbook.sources.settings import MAPPABLE, Terms, save_source, sources_of
from creditbook.sources.values import KINDS, MODES, TITLES, UNKNOWN, Source

sources = typer.Typer(help="Sources: usage that comes in by itself.", no_args_is_help=True)

Org = Annotated[str, typer.Option("--org", help="The organization's short name.")]
Named = Annotated[str, typer.Argument(help="Its name, as `creditbook source list` shows it.")]
DAYS = 30


@sources.command("list")
def show(org: Org, as_json: JsonOption = False) -> None:
    """List the sources with what arrived in thirty days, and what waits with its reasons."""
    here, who = _who(org)
    last = today(who, here.clock())
    found = sources_of(here.store, who)
    standings = reading.standings(here.store, who, last - timedelta(days=DAYS - 1), last)
    listed = table("name", "sent by", "does", "arrived", "booked", "waiting", "rejected", "last arrival (UTC)",
                   right=("arrived", "booked", "waiting", "rejected"))  # fmt: skip
    told: list[dict[str, Any]] = []
    why: list[str] = []
    for one in found:
        now = standings.get(one.source_id, reading.Standing())
        groups = reading.groups(here.store, who, one.source_id) if now.waiting or now.rejected else ()
        came = f"{now.last_at:%Y-%m-%d %H:%M}" if now.last_at else "never"
        listed.add_row(one.name, TITLES[one.kind], one.mode if one.is_on else "off", str(now.total.received),
                       str(now.total.booked), str(now.waiting), str(now.rejected), came)  # fmt: skip
        told.append({**_facts(one), "arrived": now.total.received, "booked": now.total.booked, "waiting": now.waiting,
                     "rejected": now.rejected, "last_at": now.last_at, "reasons": groups})  # fmt: skip
        for it in groups[:10]:
            about = f" about {it.account}" if it.account else ""
            why.append(f"{one.name}: {it.events:,} {'event' if it.events == 1 else 'events'}{about}: {it.reason}")
    nothing = f"Nothing has come in by itself in {org}. The page Sources says how programs are made to send."
    answer({"organization": org, "sources": told}, [listed, *why] if found else nothing, as_json=as_json)


@sources.command("set")
def change(
    name: Named,
    org: Org,
    kind: Annotated[str | None, typer.Option(help=f"What sends to a new one: {', '.join(KINDS)}.")] = None,
    mode: Annotated[str | None, typer.Option(help=f"{' or '.join(MODES)}: record the cost, or charge.")] = None,
    unknown: Annotated[
        str | None, typer.Option(help=f"{' or '.join(UNKNOWN)}: who has no account waits, or gets one.")
    ] = None,
    who: Annotated[
        list[str] | None, typer.Option("--who", metavar="ATTRIBUTE", help="Names the account; tried in this order.")
    ] = None,
    by_hand: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="FIELD=ATTRIBUTE", help=f"Where a field is. {', '.join(MAPPABLE)}."),
    ] = None,
    fixed: Annotated[list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field's value.")] = None,
    key: Annotated[int | None, typer.Option(help="Only what this API key sends: its id; 0 for every key.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Off: what comes waits.")] = None,
    rename: Annotated[str | None, typer.Option(help="Another name.")] = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")] = "set up on the command line",
    as_json: JsonOption = False,
) -> None:
    """Set up a source, or change what is said here of one that is there. Given --map or --set replace all of them."""
    here, boss = _who(org)
    there = next((one for one in sources_of(here.store, boss) if one.name.casefold() == name.casefold()), None)
    if there is None and kind is None:
        raise NotFound(f"There is no source “{name}” in {org}. To set up a new one, say what sends: --kind.")
    if there is not None and kind not in (None, there.kind):
        raise InvalidRequest(f"“{there.name}” takes {TITLES[there.kind]}. Set up another one for {kind}.")
    given: dict[str, Any] = {"name": rename, "mode": mode, "unknown": unknown, "who": tuple(who) if who else None,
                             "mapping": pairs(by_hand, "--map", MAPPABLE) if by_hand else None,
                             "fixed": pairs(fixed, "--set", (*MAPPABLE, "account")) if fixed else None,
                             "is_on": on}  # fmt: skip
    terms = replace(_terms(there, name, kind), **{field: value for field, value in given.items() if value is not None})
    if key is not None:
        terms = replace(terms, key_id=key or None)
    saved = save_source(
        here.store, boss, here.clock, terms, source_id=None if there is None else there.source_id, reason=reason
    )
    answer(_facts(saved), f"{saved.name} is set up. What waits is tried again by `creditbook source replay`.",
           as_json=as_json)  # fmt: skip


@sources.command("replay")
def replay(
    name: Named,
    org: Org,
    reason: Annotated[str, typer.Option(help="Why; it stands in the audit log.")] = "replayed on the command line",
    as_json: JsonOption = False,
) -> None:
    """Try again what waits of a source, by its settings of now. Stopped, it goes on when it is run again."""
    here, who = _who(org)
    there = next((one for one in sources_of(here.store, who) if one.name.casefold() == name.casefold()), None)
    if there is None:
        raise NotFound(f"There is no source “{name}” in {org}.")
    with stopping() as stopped:
        taken = try_again(here.ledger, who, there.source_id, reason=reason, stop=stopped)
        interrupted = stopped()
    before = f"{taken.booked:,} booked, {taken.replayed:,} booked before"
    said = f"{before}, {taken.waiting:,} waiting, {taken.rejected:,} rejected."
    answer({"source": there.name, "interrupted": interrupted, "booked": taken.booked, "replayed": taken.replayed,
            "waiting": taken.waiting, "rejected": taken.rejected, "reasons": taken.reasons},
           [said, *taken.reasons], as_json=as_json)  # fmt: skip
    if interrupted:
        raise typer.Exit(EXIT_INTERRUPTED)


def _who(org: str) -> tuple[Installation, Principal]:
    here = installation().ready()
    (found,) = here.organizations(org)
    return here, console(found.org_id, found.slug, found.name, found.zone)


def _terms(there: Source | None, name: str, kind: Any) -> Terms:
    if there is None:
        return Terms(name, kind)
    return Terms(there.name, there.kind, there.mode, there.unknown, there.who, there.mapping, there.fixed,
                 there.key_id, there.is_on)  # fmt: skip


def _facts(one: Source) -> dict[str, Any]:
    names = ("source_id", "name", "kind", "mode", "unknown", "who", "mapping", "fixed", "key_id", "is_on")
    return {name: getattr(one, name) for name in names}
