"""The program that is tried, edited as tables: allowances, prices, actions and limits, and who is moved where.

Each table is drawn from the program in force, so what a browser sends back can only be numbers of its cells; the rules'
own check says what no program can mean.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import pandas as pd
import streamlit as st

from creditbook.domain.program import Program
from creditbook.programs import program_to_document
from creditbook.programs.editing import Change as Edit
from creditbook.programs.editing import Document, changes, program_in
from creditbook.programs.reading import Misfit
from creditbook.reports.finance.simulated import Change
from creditbook.ui import tables
from creditbook.ui.catalog_tables import Money, records, said, whole
from creditbook.ui.catalog_words import EVERY, where
from creditbook.ui.catalog_words import said as in_words
from creditbook.ui.format import esc
from creditbook.ui.kinds import wallet_name
from creditbook.ui.page import card, head, muted
from creditbook.ui.tables import ROW_HEIGHT

from . import simulation

NOBODY = "Nobody"
SECTIONS = ("Allowances", "Prices", "Actions and limits", "Move people")
_SLOT = "simulator-typed"
_NUMBER: dict[str, Any] = {"min_value": 0, "step": 1, "format": "localized"}
Rows = list[dict[str, Any]]


@dataclass
class Typed:
    """What was typed, by table, also into tables that are out of sight; ``seed`` is what each was drawn from.

    A data editor that is fed with its own answer would make every change twice: it begins anew with each ``turn``.
    """

    version: int
    typed: dict[str, Rows] = field(default_factory=dict)
    seed: dict[str, Rows] = field(default_factory=dict)
    turn: int = 0
    moves: dict[str, str] = field(default_factory=dict)


def _typed(version: int) -> Typed:
    there = st.session_state.get(_SLOT)
    if not isinstance(there, Typed) or there.version != version:
        there = st.session_state[_SLOT] = Typed(version, turn=_turned())
    return there


def _turn() -> None:
    there = st.session_state.get(_SLOT)
    if isinstance(there, Typed):
        there.seed, there.turn = deepcopy(there.typed), there.turn + 1


def clear() -> None:
    """Take everything that was typed away, and what was simulated of it."""
    st.session_state[_SLOT] = Typed(0, turn=_turned())
    for widget in ("move-from", "move-to"):
        st.session_state.pop(widget, None)
    simulation.forget()


def _turned() -> int:
    there = st.session_state.get(_SLOT)
    return there.turn + 1 if isinstance(there, Typed) else 0


def ask(program: Program, version: int) -> Change | None:
    """Draw the tables; the change that they say, None while it makes no sense (which is told)."""
    document = program_to_document(program)
    tried: Document = deepcopy(document)
    there = _typed(version)
    with card("change"):
        head("What would be different", "Type into the cells. Nothing here comes into force, and nothing is written")
        shown = st.segmented_control("Show", SECTIONS, default=SECTIONS[0], required=True, key="show", on_change=_turn,
                                     bind="query-params", label_visibility="collapsed")  # fmt: skip
        _allowances(Table(there, "allowances", shown == "Allowances"), tried, document)
        _prices(Table(there, "prices", shown == "Prices"), tried, document)
        _actions(Table(there, "actions", shown == "Actions and limits"), tried, document)
        _limits(Table(there, "limits", shown == "Actions and limits"), tried, document)
        if shown == "Move people":
            there.moves = _moves(program, there.moves)
        edits = changes(document, tried)
        try:
            changed = Change(program_in(tried), dict(there.moves))
        except Misfit as misfit:
            place = where(Edit(misfit.path, None, None), program, tried)
            st.error(f"**This can't be tried.** {esc(place)} {esc(str(misfit))}.", icon=":material/block:")
            return None
        _told(edits, program, tried, there.moves)
    return changed


def _told(edits: Sequence[Edit], program: Program, tried: Document, moves: Mapping[str, str]) -> None:
    for old, new in moves.items():
        muted(f"Everybody on {esc(program.plans[old].title)} is put on {esc(program.plans[new].title)} as the month "
              "begins, with a full new term.")  # fmt: skip
    if edits:
        rows = [(where(one, program, tried), _said(one, one.before, program), _said(one, one.after, program))
                for one in edits]  # fmt: skip
        frame = pd.DataFrame(rows, columns=["What", "As it was", "Simulated"])
        right = dict.fromkeys(("As it was", "Simulated"), st.column_config.TextColumn(alignment="right"))
        tables.grid(frame, right, "What would be different, field by field", key="simulated-difference")
    elif not moves:
        muted("Nothing is different yet: replayed as it is, the month has to come out as the books have it.")


def _said(edit: Edit, value: object, program: Program) -> str:
    return in_words(str(edit.path[-1]), value, program.currency)


@dataclass(frozen=True, slots=True)
class Table:
    """One table of the page: drawn when ``is_shown``, else as it was left."""

    there: Typed
    key: str
    is_shown: bool

    def note(self, said: str) -> None:
        """What stands in place of an empty table."""
        if self.is_shown:
            muted(said)

    def rows(self, rows: Rows, columns: dict[str, Any]) -> Rows:
        """The rows as they are typed by now; names and the like stand as they were drawn."""
        if not self.is_shown:
            return self.there.typed.get(self.key, rows)
        fixed = [name for name in columns if name in ("plan", "what", "every", "kind")]
        frame = pd.DataFrame(self.there.seed.get(self.key, rows), columns=list(columns)).astype(object)
        edited = st.data_editor(frame, column_config=columns, disabled=fixed, hide_index=True, row_height=ROW_HEIGHT,
                                height="content" if len(rows) < 12 else 440, placeholder="",
                                key=f"try-{self.key}-{self.there.turn}")  # fmt: skip
        self.there.typed[self.key] = records(edited)[: len(rows)]
        return self.there.typed[self.key]


def _allowances(table: Table, tried: Document, document: Document) -> None:
    column = st.column_config
    places = [(slug, number) for slug, plan in _ranked(document) for number in range(len(plan["allowances"]))]
    if not places:
        table.note("No plan of this program gives an allowance.")
        return
    rows = []
    for slug, number in places:
        one = document["plans"][slug]["allowances"][number]
        rows.append({"plan": document["plans"][slug]["title"], "what": wallet_name(one["wallet"], one["label"]),
                     "tokens": one["tokens"], "rollover": _percent(one["rollover"]), "cap": one["rollover_cap"],
                     "every": EVERY.get(one["every"], one["every"])})  # fmt: skip
    columns = {
        "plan": column.TextColumn("Plan"), "what": column.TextColumn("Allowance"),
        "tokens": column.NumberColumn("Tokens", required=True, **_NUMBER),
        "rollover": column.NumberColumn("Rolls over %", required=True, max_value=100, **_NUMBER),
        "cap": column.NumberColumn("At most", help="Empty: no limit", **_NUMBER),
        "every": column.TextColumn("Every"),
    }  # fmt: skip
    typed = table.rows(rows, columns)
    for (slug, number), old, row in zip(places, rows, typed, strict=True):
        one = tried["plans"][slug]["allowances"][number]
        one["tokens"] = whole(row["tokens"], 0)
        one["rollover_cap"] = whole(row["cap"])
        if row["rollover"] != old["rollover"]:
            one["rollover"] = str(Fraction(whole(row["rollover"], 0) or 0, 100))


def _percent(share: str) -> int:
    """A third is shown as 33 and stays a third until something else is typed."""
    return int(Fraction(share) * 100)


def _prices(table: Table, tried: Document, document: Document) -> None:
    money, column = Money(document["currency"]), st.column_config
    plans = [slug for slug, plan in _ranked(document) if plan["price_minor"]]
    packs = list(document["packages"])
    if not plans and not packs:
        table.note("This program sells nothing.")
        return
    rows = [{"what": document["plans"][slug]["title"], "kind": "Plan, a term", "tokens": None,
             "price": money.shown(document["plans"][slug]["price_minor"])} for slug in plans]  # fmt: skip
    rows += [{"what": one["title"], "kind": "Pack", "tokens": one["tokens"], "price": money.shown(one["price_minor"])}
             for one in document["packages"].values()]  # fmt: skip
    columns = {
        "what": column.TextColumn("What is sold"), "kind": column.TextColumn("Kind"),
        "price": column.NumberColumn(f"Price ({money.currency})", min_value=0, required=True, format=money.format),
        "tokens": column.NumberColumn("Tokens", help="Of packs", **_NUMBER),
    }  # fmt: skip
    typed = table.rows(rows, columns)
    for slug, row in zip(plans, typed, strict=False):
        tried["plans"][slug]["price_minor"] = money.minor(row["price"])
    for slug, row in zip(packs, typed[len(plans) :], strict=True):
        tried["packages"][slug] |= {"price_minor": money.minor(row["price"]), "tokens": whole(row["tokens"])}


def _actions(table: Table, tried: Document, document: Document) -> None:
    """Fixed prices of actions."""
    fixed = [name for name, one in document["actions"].items() if one["pricing"] == "fixed"]
    if not fixed:
        table.note("No action has a fixed price: each costs what it used.")
        return
    rows = [{"what": document["actions"][name]["title"] or name, "tokens": document["actions"][name]["tokens"]}
            for name in fixed]  # fmt: skip
    columns = {"what": st.column_config.TextColumn("Action"),
               "tokens": st.column_config.NumberColumn("Tokens", required=True, **_NUMBER)}  # fmt: skip
    for name, row in zip(fixed, table.rows(rows, columns), strict=True):
        tried["actions"][name]["tokens"] = whole(row["tokens"], 0)


def _limits(table: Table, tried: Document, document: Document) -> None:
    rows = [{"plan": plan["title"], "daily": plan["requests_per_day"], "size": plan["max_request_tokens"]}
            for _, plan in _ranked(document)]  # fmt: skip
    columns = {"plan": st.column_config.TextColumn("Plan"),
               "daily": st.column_config.NumberColumn("Requests a day", help="Empty: no limit", **_NUMBER),
               "size": st.column_config.NumberColumn("Tokens a request", help="Empty: none", **_NUMBER)}  # fmt: skip
    for (slug, _), row in zip(_ranked(document), table.rows(rows, columns), strict=True):
        tried["plans"][slug] |= {"requests_per_day": whole(row["daily"]) if said(row["daily"]) else None,
                                 "max_request_tokens": whole(row["size"]) if said(row["size"]) else None}  # fmt: skip


def _ranked(document: Document) -> list[tuple[str, dict[str, Any]]]:
    return sorted(document["plans"].items(), key=lambda item: item[1]["rank"])


def _moves(program: Program, before: Mapping[str, str]) -> dict[str, str]:
    slugs = sorted(program.plans, key=lambda slug: program.plans[slug].rank)
    titles = {program.plans[slug].title: slug for slug in slugs}
    said = next(((program.plans[old].title, program.plans[new].title) for old, new in before.items()), (NOBODY, ""))
    old, new = st.columns(2)
    with old:
        whom = st.selectbox("Whoever is on", choices := [NOBODY, *titles], choices.index(said[0]), key="move-from")
    with new:
        place = list(titles).index(said[1]) if said[1] in titles else 0
        onto = st.selectbox("would be on", list(titles), place, key="move-to", disabled=whom == NOBODY)
    if whom in (NOBODY, onto) or whom not in titles or onto not in titles:
        return {}
    return {titles[whom]: titles[onto]}
