"""Opening balances of an application that moves in: each row becomes one grant, once however often the file is read.

A row without an id of its own is keyed by the hash of its fields and the count of equal rows before it (rule 17), so a
file that has grown adds only what is new, and an interrupted import is finished by running it again.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from creditbook.domain.errors import Conflict, IdempotencyConflict, LedgerError, Unavailable
from creditbook.domain.program import GrantClass, WalletType
from creditbook.ledger.ledger import Ledger
from creditbook.sources.fields import BadRow, text_of, tokens_of
from creditbook.store import imports as runs

from .checking import KEYED_BY_CONTENT, KEYED_BY_ID
from .formats import Format
from .mapping import FieldMap, is_missing
from .outcome import Progress, Stopped, Tell
from .readers import open_reader
from .refusals import RefusedFile, refused_path
from .values import BadMapping, RawRow

FIELDS = ("account", "tokens", "wallet", "class", "expires_at", "label", "id")
"""What a row may say. `wallet` (BONUS unless said) and `class` (promotional) are words; an end is a day or an
instant."""

LABEL = "Opening balance"
BATCH_ROWS = 200


@dataclass(frozen=True, kw_only=True)
class BalancesRequest:
    """One file of opening balances into one organization."""

    path: Path
    org: str
    format: Format = Format.AUTO
    by_hand: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, str] = field(default_factory=dict)
    create_accounts: bool = False
    dry_run: bool = False
    reason: str = LABEL
    actor: str = "import"


@dataclass(slots=True, kw_only=True)
class BalancesResult:
    """Every row is imported, replayed (there before) or refused; ``tokens`` is what the imported ones gave."""

    organization: str
    file: str
    dry_run: bool
    interrupted: bool = False
    rows: int = 0
    imported: int = 0
    replayed: int = 0
    refused: int = 0
    tokens: int = 0
    accounts_created: int = 0
    refused_path: str | None = None
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One checked row. ``expires_at`` as a date includes that local day."""

    account: str
    key: str
    grant: dict[str, Any]


def import_balances(
    ledger: Ledger,
    request: BalancesRequest,
    *,
    tell: Tell = lambda progress: None,
    stopped: Stopped = lambda: False,
) -> BalancesResult:
    """Book a file of opening balances. Raises BadMapping before the first row where it has no account or no tokens."""
    reader = open_reader(request.path, request.format)
    refused = RefusedFile(refused_path(request.path, "balances", reader.format), reader.columns)
    result = BalancesResult(organization=request.org, file=str(request.path), dry_run=request.dry_run)
    try:
        rows = reader.rows()
        first = list(itertools.islice(rows, 1))
        check = _Check(request, _mapping(request, reader.columns or tuple(first[0].record) if first else ()))
        till = _Till(ledger, request, result)
        for batch in _batches(itertools.chain(first, rows)):
            checked = []
            for raw in batch:
                result.rows += 1
                try:
                    checked.append((raw, check.row(raw)))
                except BadRow as problem:
                    _refuse(refused, result, raw, str(problem))
            for (raw, _), reason in zip(checked, till.book([row for _, row in checked]), strict=True):
                if reason:
                    _refuse(refused, result, raw, reason)
            tell(Progress(reader.position(), reader.size, result.rows, result.refused, "booking"))
            if stopped():
                result.interrupted = True
                break
        kept = refused.publish(keep=result.refused > 0)
        result.refused_path = None if kept is None else str(kept)
    finally:
        reader.close()
        refused.close()
    return result


def _batches(rows: Iterator[RawRow]) -> Iterator[list[RawRow]]:
    while batch := list(itertools.islice(rows, BATCH_ROWS)):
        yield batch


def _refuse(file: RefusedFile, result: BalancesResult, raw: RawRow, reason: str) -> None:
    file.add(raw, reason)
    result.refused += 1
    result.reasons[reason] = result.reasons.get(reason, 0) + 1


def _mapping(request: BalancesRequest, columns: tuple[str, ...]) -> FieldMap:
    by_name = {column.strip().lower(): column for column in columns}
    named = {name: by_name[name] for name in FIELDS if name in by_name and name not in request.by_hand}
    for name, column in request.by_hand.items():
        if column not in columns:
            there = ", ".join(columns)
            raise BadMapping(f"--map {name}={column}: the file has no column “{column}”. It has: {there}.")
    said = {*named, *request.by_hand, *request.fixed}
    for name in ("account", "tokens"):
        if name not in said:
            known = ", ".join(FIELDS)
            raise BadMapping(f"Nothing says the {name}. Name a column: --map {name}=COLUMN. Fields: {known}.")
    return FieldMap(request.by_hand, request.fixed, named)


class _Check:
    """Checks rows in the file's order."""

    def __init__(self, request: BalancesRequest, mapping: FieldMap) -> None:
        self._request, self._mapping = request, mapping
        self._seen: Counter[bytes] = Counter()

    def row(self, raw: RawRow) -> BalanceRow:
        """The row as a grant. Raises BadRow with the reason."""
        if raw.problem:
            raise BadRow(raw.problem)
        given = {name: value for name, value in self._mapping.fields(raw.record).items() if not is_missing(value)}
        for name in ("account", "tokens"):
            if name not in given:
                raise BadRow(f"The row names no {name}.")
        account = self._account(text_of("account", given["account"]))
        tokens = tokens_of("tokens", given["tokens"])
        if tokens == 0:
            raise BadRow("The row has 0 tokens: there is nothing to bring in.")
        terms = {
            "wallet": _word(WalletType, given.get("wallet", "BONUS"), "wallet"),
            "grant_class": _word(GrantClass, given.get("class", "promotional"), "class"),
            "label": text_of("label", given.get("label", LABEL)),
            "expires_at": _end(given["expires_at"]) if "expires_at" in given else None,
        }
        fields = {"account": account, "tokens": tokens, **{name: str(value) for name, value in terms.items()}}
        return BalanceRow(account, self._key(fields, given.get("id")), {"tokens": tokens, **terms})

    def _account(self, name: str) -> str:
        org, slash, rest = name.partition("/")
        if name == self._request.org:
            return ""
        if slash and org != self._request.org:
            raise BadRow(f"The account {name} is another organization's; this import goes into {self._request.org}.")
        return rest if slash else name

    def _key(self, fields: dict[str, object], own: object) -> str:
        if own is not None:
            return f"balances:{KEYED_BY_ID}{text_of('id', own)}"
        digest = hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).digest()[:16]
        self._seen[digest] += 1
        return f"balances:{KEYED_BY_CONTENT}{digest.hex()}:{self._seen[digest] - 1}"


def _word(kind: type[WalletType] | type[GrantClass], value: object, name: str) -> str:
    said = str(value).strip()
    for one in kind:
        if said.lower() == one.value.lower():
            return one.value
    raise BadRow(f"“{said[:40]}” is no {name}. Use one of {', '.join(kind)}.")


def _end(value: object) -> date | datetime:
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise BadRow("The end has no time zone. Write a day (2026-12-31) or an instant with its zone.")
        return value
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        return date.fromisoformat(text) if len(text) == len("2026-12-31") else _end(datetime.fromisoformat(text))
    except ValueError:
        raise BadRow(f"“{text[:40]}” is no day. Write 2026-12-31, or an instant with its zone.") from None


class _Till:
    """Books checked rows: accounts opened where that is wanted, then a batch of grants in one transaction."""

    def __init__(self, ledger: Ledger, request: BalancesRequest, result: BalancesResult) -> None:
        self._ledger, self._request, self._result = ledger, request, result
        self._org = ledger.core.organization(request.org)
        self._there: set[str] = set()

    def book(self, rows: list[BalanceRow]) -> list[str]:
        """For each row why it was refused, '' where it stands in the books."""
        self._look_up(rows)
        reasons = [self._admit(row) for row in rows]
        going = [row for row, reason in zip(rows, reasons, strict=True) if not reason]
        if self._request.dry_run:
            known = self._known(going)
            self._result.replayed += len(known)
            self._result.imported += len(going) - len(known)
            self._result.tokens += sum(row.grant["tokens"] for row in going if row.key not in known)
            return reasons
        answers = iter(self._ledger.grant_many([self._grant(row) for row in going]) if going else ())
        return [reason or self._booked(next(answers)) for reason in reasons]

    def _grant(self, row: BalanceRow) -> dict[str, Any]:
        return {
            **row.grant, "account": self._name(row.account), "reason": self._request.reason, "kind": "adjustment",
            "actor": self._request.actor, "idempotency_key": row.key,
        }  # fmt: skip

    def _booked(self, answer: Any) -> str:
        if isinstance(answer, Unavailable):
            raise answer
        if isinstance(answer, IdempotencyConflict):
            return "This id is in the books already, with another content. Correct it by a grant or a revocation."
        if isinstance(answer, LedgerError):
            return str(answer)
        self._result.replayed += answer.replayed
        self._result.imported += not answer.replayed
        self._result.tokens += 0 if answer.replayed else answer.tokens
        return ""

    def _name(self, account: str) -> str:
        return f"{self._request.org}/{account}" if account else self._request.org

    def _look_up(self, rows: list[BalanceRow]) -> None:
        names = {row.account for row in rows} - self._there
        if names:
            with self._ledger.core.store.read(self._org.org_id) as connection:
                self._there |= set(runs.accounts(connection, self._org.org_id, names))

    def _known(self, rows: list[BalanceRow]) -> set[str]:
        with self._ledger.core.store.read(self._org.org_id) as connection:
            return runs.known_keys(connection, self._org.org_id, "grant", [row.key for row in rows])

    def _admit(self, row: BalanceRow) -> str:
        if row.account in self._there:
            return ""
        name = self._name(row.account)
        if not self._request.create_accounts:
            return f"There is no account {name}. Create it, or import with --create-accounts."
        try:
            if not self._request.dry_run:
                self._ledger.open_account(name, actor=self._request.actor)
        except Conflict:
            pass  # somebody else has just opened it
        except LedgerError as error:
            return str(error)
        self._there.add(row.account)
        self._result.accounts_created += 1
        return ""
