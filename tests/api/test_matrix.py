"""Every route × caller × own and foreign organization: the status is what the table says; no refusal does a thing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from api.door import Door, open_door
from api.rows import OPEN, ROWS, Row
from support.ledgers import MONTHLY, PROGRAM

from creditbook.api import api
from creditbook.domain.program import GrantClass, Package, Plan, PromoTerms, WalletType
from creditbook.installation import close_installations

RANK = {"read": 0, "spend": 1, "admin": 2}
SCOPE_OF = {"read": "read", "spend": "spend", "admin": "admin", "bound": "spend", "bound admin": "admin"}
CALLERS = ["nobody", "wrong", *SCOPE_OF]
NAMED = {"own": "ben", "another's": "asha", "foreign": "other/ben"}
WATCHED = ("acme/asha", "acme/ben", "other/ben")
numbers = count(1)


def routes() -> set[tuple[str, str]]:
    """Method and path of everything that the API answers."""
    found = set()
    for one in api.routes:
        router = getattr(one, "original_router", None)
        for route in router.routes if router is not None else [one]:
            found |= {(method, route.path) for method in route.methods - {"HEAD"}}
    return found


def test_every_route_has_its_row_and_every_row_its_route() -> None:
    missing = routes() - OPEN - {row.route for row in ROWS}
    assert not missing, f"Give these routes a row in tests/api/rows.py: {sorted(missing)}"
    assert {row.route for row in ROWS} | OPEN <= routes()
    assert len(ROWS) == len({row.route for row in ROWS})


@pytest.fixture(scope="module")
def matrix(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    """One installation for all cells: each makes what it needs, and only what is allowed changes anything."""
    url = f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('matrix') / 'creditbook.db')}"
    small = Package("small", "Small", 10, 100, WalletType.PREMIUM)
    gold = Plan("gold", "Gold", 3, GrantClass.PLAN, MONTHLY.allowances, price_minor=99_900)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        door = open_door(url, packages={"small": small}, plans={**PROGRAM.plans, "gold": gold})
        door.ledger.create_organization("other", PROGRAM)
        door.ledger.open_account("other/ben")
        for name in ("acme/ben", "other/ben"):
            door.ledger.grant(name, 10_000, reason="to spend")
        door.ledger.create_codes("acme", PromoTerms("MATRIX", 1, per_account=1_000), reason="to redeem")
        yield door
        close_installations()


def expected(row: Row, caller: str, target: str) -> int:
    """What the table says: the key, then its scope, then whose account it is, then the call itself."""
    if caller not in SCOPE_OF:
        return 401
    if RANK[SCOPE_OF[caller]] < RANK[row.scope]:
        return 403
    if (caller, target) in row.but:
        return row.but[caller, target]
    if row.whole and caller.startswith("bound"):
        return 403
    if row.names and (target == "foreign" or (target == "another's" and caller.startswith("bound"))):
        return 404
    return row.ok


def cells() -> Iterator[tuple[Row, str, str]]:
    for row in ROWS:
        for caller in CALLERS:
            targets = ["own", "foreign"] if row.names else ["own"]
            # Whose keys are not bound may name any account of theirs; what the call is about is ben's.
            yield from ((row, caller, target) for target in targets)
            if row.names and caller.startswith("bound"):
                yield row, caller, "another's"


def call(door: Door, row: Row, caller: str, target: str) -> Any:
    """The row's call, by this caller about this account."""
    number, named, made = next(numbers), NAMED[target], row.made(door.ledger)
    if row.new:
        named = f"other/new{number}" if target == "foreign" else f"new{number}"
    path = row.path.replace("{account:path}", named if row.names == "path" else "")
    for name in [name for name in made if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", str(made.pop(name)))
    asked = [f"account={named}"] if row.names == "query" else []
    asked += [row.query] if row.query else []
    body: Any = None
    if row.body is not None:
        body = {key: value.format(n=number) if isinstance(value, str) else value for key, value in row.body.items()}
        body |= made | ({"account": named} if row.names in ("body", "batch") else {})
        body = {"usage": [body]} if row.names == "batch" else body
    return door.send(row.method, path + ("?" + "&".join(asked) if asked else ""),
                     None if caller == "nobody" else caller, body)  # fmt: skip


@pytest.mark.parametrize(("row", "caller", "target"), list(cells()), ids=str)
def test_a_route_answers_whom_it_may(matrix: Door, row: Row, caller: str, target: str) -> None:
    spent = {name: matrix.ledger.balance(name) for name in WATCHED} if row.made.__name__ == "nothing" else {}
    answer = call(matrix, row, caller, target)
    assert answer.status_code == expected(row, caller, target), answer.text
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
        for name, before in spent.items():
            after = matrix.ledger.balance(name)
            assert (after.posted, after.held) == (before.posted, before.held)
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == 'Bearer realm="creditbook"'
