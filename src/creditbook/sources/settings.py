"""Sources as their organization's administrators set them up, and the one that takes what a key has sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from creditbook.access.values import Clock, Principal
from creditbook.domain.errors import Conflict, InvalidRequest, NotFound, Refused
from creditbook.store import api_keys, audit
from creditbook.store import sources as rows
from creditbook.store.engine import Store
from creditbook.store.retry import is_taken
from creditbook.store.sources import Connection, Row

from .fields import FIELDS, TIME_FIELD
from .values import KINDS, MODES, TITLES, UNKNOWN, WHO, Kind, Mode, Source, Unknown

MOST_SOURCES = 100
LONGEST_NAME, LONGEST_ATTRIBUTE, LONGEST_VALUE = 60, 200, 200
MOST_ATTRIBUTES = 20
BY_ITSELF = "system"
"""Who made a source that nobody had set up when its first event came."""

MAPPABLE = tuple(name for name in FIELDS if name not in {TIME_FIELD, "id", "account"})
"""The fields that a mapping may pick: an event's time, its id and who it is are not among them."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an administrator sets of a source. ``who`` empty means the attributes usual for its kind."""

    name: str
    kind: Kind
    mode: Mode = "meter"
    unknown: Unknown = "queue"
    who: tuple[str, ...] = ()
    mapping: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    key_id: int | None = None
    is_on: bool = True

    def checked(self) -> Terms:
        """The same, trimmed and usable. Raises InvalidRequest with what to write instead."""
        name = self.name.strip()
        if not name or len(name) > LONGEST_NAME:
            raise InvalidRequest(f"Give the source a name of at most {LONGEST_NAME} characters.")
        for said, known in ((self.kind, KINDS), (self.mode, MODES), (self.unknown, UNKNOWN)):
            if said not in known:
                raise InvalidRequest(f"“{said}” is none of {', '.join(known)}.")
        who = tuple(dict.fromkeys(text for one in self.who if (text := one.strip()))) or WHO[self.kind]
        mapping = {name: text for name, one in self.mapping.items() if (text := one.strip())}
        fixed = {name: text for name, one in self.fixed.items() if (text := one.strip())}
        odd = sorted((mapping.keys() - set(MAPPABLE)) | (fixed.keys() - {*MAPPABLE, "account"}))
        if odd:
            raise InvalidRequest(f"“{odd[0]}” is no field of usage. Use one of {', '.join(MAPPABLE)}.")
        if len(who) > MOST_ATTRIBUTES:
            raise InvalidRequest(f"At most {MOST_ATTRIBUTES} attributes are tried for who it is.")
        for text in (*who, *mapping.values(), *fixed.values()):
            if len(text) > LONGEST_VALUE or not text.isprintable():
                raise InvalidRequest(f"Write attributes and values as text of at most {LONGEST_VALUE} characters.")
        return Terms(name, self.kind, self.mode, self.unknown, who, mapping, fixed, self.key_id, self.is_on)


def source_for(store: Store, org_id: int, kind: Kind, key_id: int | None, now: datetime) -> Source:
    """The source of this kind that takes what a key sends: its own, else everybody's, made when the first event comes.

    One that made itself meters, and lets events of unknown accounts wait.
    """
    with store.read(org_id) as connection:
        found = rows.of_kind(connection, org_id, kind, key_id)
    if found is not None:
        return source_of(found)

    def make() -> Row:
        with store.write(org_id) as connection:
            there = rows.of_kind(connection, org_id, kind, key_id)
            if there is None:
                taken = {row.name.casefold() for row in rows.every(connection, org_id)}
                title = TITLES[kind]
                name = next(n for n in (title, *(f"{title} {i}" for i in range(2, 999))) if n.casefold() not in taken)
                columns = _columns(Terms(name, kind).checked())
                source_id = rows.add(connection, org_id, created_at=now, created_by=BY_ITSELF, **columns)
                there = rows.one(connection, org_id, source_id)
            assert there is not None
            return there

    return source_of(_once_more(store, make))


def _once_more(store: Store, work: Any) -> Any:
    """Two made the same source at once on PostgreSQL: whoever came second finds it."""
    try:
        return store.retrying(work)
    except Exception as error:
        if is_taken(error):
            return store.retrying(work)
        raise


def sources_of(store: Store, who: Principal) -> list[Source]:
    """Every source of an administrator's organization, oldest first."""
    _allow(who)
    with store.read(who.org_id) as connection:
        return [source_of(row) for row in rows.every(connection, who.org_id)]


def source(store: Store, who: Principal, source_id: int) -> Source:
    """One source. Raises NotFound."""
    _allow(who)
    with store.read(who.org_id) as connection:
        return source_of(_there(connection, who.org_id, source_id))


def save_source(
    store: Store, who: Principal, clock: Clock, terms: Terms, *, source_id: int | None = None, reason: str
) -> Source:
    """Set up a source, or change one; its kind stays. Raises InvalidRequest, Conflict for a name or a key twice."""
    _allow(who)
    terms, org_id = terms.checked(), who.org_id

    def write() -> Source:
        with store.write(org_id) as connection:
            before = None if source_id is None else source_of(_there(connection, org_id, source_id))
            _refuse(connection, org_id, terms, before)
            columns = _columns(terms)
            if before is None:
                new = rows.add(connection, org_id, created_at=clock(), created_by=who.user_name, **columns)
            else:
                new = before.source_id
                rows.change(connection, org_id, new, **columns)
            after = source_of(_there(connection, org_id, new))
            audit.record(
                connection, org_id, at=clock(), actor=who.user_name, act="source.set", subject=terms.name,
                reason=reason, before=_facts(before) if before else None, after=_facts(after),
            )  # fmt: skip
            return after

    return store.retrying(write)


def _refuse(connection: Connection, org_id: int, terms: Terms, before: Source | None) -> None:
    others = [source_of(row) for row in rows.every(connection, org_id)]
    if before is not None:
        if before.kind != terms.kind:
            raise InvalidRequest(f"This source takes {TITLES[before.kind]}. Set up another one for {terms.kind}.")
        others = [other for other in others if other.source_id != before.source_id]
    elif len(others) >= MOST_SOURCES:
        raise InvalidRequest(f"There are {MOST_SOURCES} sources already.")
    for other in others:
        if other.name.casefold() == terms.name.casefold():
            raise Conflict(f"There is a source “{other.name}” already. Give this one another name.")
        if (other.kind, other.key_id) == (terms.kind, terms.key_id):
            whose = "every other API key" if terms.key_id is None else "this API key"
            raise Conflict(f"“{other.name}” takes the {TITLES[terms.kind]} events of {whose} already. Change that one.")
    if terms.key_id is not None and api_keys.by_id(connection, org_id, terms.key_id) is None:
        raise NotFound("There is no such API key.")


def _allow(who: Principal) -> None:
    if not who.has("admin"):
        raise Refused("Sources are for administrators.")


def _there(connection: Connection, org_id: int, source_id: int) -> Row:
    found = rows.one(connection, org_id, source_id)
    if found is None:
        raise NotFound("There is no such source.")
    return found


def _columns(terms: Terms) -> dict[str, Any]:
    return {**asdict(terms), "who": list(terms.who), "mapping": dict(terms.mapping), "fixed": dict(terms.fixed)}


def _facts(one: Source) -> dict[str, Any]:
    names = ("kind", "mode", "unknown", "key_id", "is_on")
    facts: dict[str, Any] = {name: getattr(one, name) for name in names}
    return facts | {"name": one.name, "who": list(one.who), "mapping": dict(one.mapping), "fixed": dict(one.fixed)}


def source_of(row: Row) -> Source:
    """A source from its row."""
    return Source(
        row.source_id, row.name, row.kind, row.mode, row.unknown, tuple(row.who), row.mapping, row.fixed, row.key_id,
        bool(row.is_on), row.created_at, row.created_by,
    )  # fmt: skip
