"""Every route × caller × own and foreign organization: the status is what the table says; no refusal does a thing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from api.door import Door, open_door
from api.rows import OPEN, ROWS, Made, Row
from support.ledgers import MONTHLY, PROGRAM
from support.people import House

from creditbook.access import console
from creditbook.api import api
from creditbook.domain.program import GrantClass, Package, Plan, PromoTerms, Reward, WalletType
from creditbook.installation import close_installations, installation

RANK = {"read": 0, "spend": 1, "admin": 2}
SCOPE_OF = {"read": "read", "spend": "spend", "admin": "admin", "bound": "spend", "bound admin": "admin"}
SESSIONS: dict[str, str] = {}
BROWSERS = {"browser": "same-origin", "another site": "cross-site"}
CALLERS = ["nobody", "wrong", *SCOPE_OF, *BROWSERS]
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
        rewards = {f"helped{n}": Reward(f"helped{n}", "Helped", 1) for n in range(1, 20)}
        door = open_door(url, packages={"small": small}, plans={**PROGRAM.plans, "gold": gold}, rewards=rewards)
        door.ledger.create_organization("other", PROGRAM)
        door.ledger.open_account("other/ben")
        for name in ("acme/ben", "other/ben"):
            door.ledger.grant(name, 10_000, reason="to spend")
        door.ledger.create_codes("acme", PromoTerms("MATRIX", 1, per_account=1_000), reason="to redeem")
        here = installation()
        house, org = House(here.store, here.clock), door.ledger.core.organization("acme")
        boss = console(org.org_id, org.slug, org.name, org.zone)
        house.access.people.give_account(boss, house.person(boss, "ben"), "ben", reason="test")
        SESSIONS["ben"] = house.sign_in("ben")
        yield door
        close_installations()


def expected(row: Row, caller: str, target: str) -> int:
    """What the table says: the key, then its scope, then whose account it is, then the call itself."""
    if caller in BROWSERS:
        return for_browser(row, caller, target)
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


def for_browser(row: Row, caller: str, target: str) -> int:
    """She sees and spends her own, and writes from pages of ours only."""
    if (caller == "another site" and row.method != "GET") or row.scope == "admin" or row.program:
        return 403
    if not row.names or target == "own":
        return row.ok
    return 404 if target == "foreign" else 403


def cells(row: Row) -> Iterator[tuple[str, str]]:
    """Every caller about every account that it could be wrong about; what calls are about is always ben's."""
    for caller in CALLERS:
        yield caller, "own"
        if row.names:
            yield caller, "foreign"
            if caller.startswith("bound") or caller in BROWSERS:
                yield caller, "another's"


def call(door: Door, row: Row, caller: str, target: str, made: Made) -> Any:
    """The row's call, by this caller about this account."""
    number, named, made = next(numbers), NAMED[target], dict(made)
    if row.new:
        named = f"other/new{number}" if target == "foreign" else f"new{number}"
    if row.spare and target == "own":
        named = f"spare{number}"
        door.ledger.open_account(f"acme/{named}")
    path = row.path.replace("{account:path}", named if row.names == "path" else "")
    for name in [name for name in made if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", str(made.pop(name)))
    asked = [f"account={named}"] if row.names == "query" else []
    asked += [row.query] if row.query else []
    body: Any = None
    if row.body is not None:
        body = {key: value.format(n=number) if isinstance(value, str) else value for key, value in row.body.items()}
        body |= made | ({"account": named} if row.names in ("body", "batch", "grants") else {})
        body = {{"batch": "usage"}.get(row.names, row.names): [body]} if row.names in ("batch", "grants") else body
    path += "?" + "&".join(asked) if asked else ""
    if row.file is not None:
        site = BROWSERS.get(caller)
        return door.upload(path, {"file": ("matrix.csv", row.file)}, caller, SESSIONS["ben"] if site else None, site)
    if caller in BROWSERS:
        return door.browse(row.method, path, body, SESSIONS["ben"], BROWSERS[caller])
    return door.send(row.method, path, None if caller == "nobody" else caller, body)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_route_refuses_whom_it_may_not_answer_and_nothing_has_happened(matrix: Door, row: Row) -> None:
    made, wrong = row.made(matrix.ledger), []
    before = [matrix.ledger.balance(name) for name in WATCHED]
    for caller, target in cells(row):
        status = expected(row, caller, target)
        if status < 400:
            continue
        answer = call(matrix, row, caller, target, made)
        said = (answer.status_code, answer.headers["content-type"], answer.headers.get("www-authenticate"))
        asks = 'Bearer realm="creditbook"' if status == 401 else None
        if said != (status, "application/problem+json", asks) or answer.json()["status"] != status:
            wrong.append((caller, target, status, answer.text))
    assert not wrong
    after = [matrix.ledger.balance(name) for name in WATCHED]
    assert [(one.posted, one.held) for one in after] == [(one.posted, one.held) for one in before]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_route_answers_whom_it_may(matrix: Door, row: Row) -> None:
    allowed = [cell for cell in cells(row) if expected(row, *cell) < 400]
    wrong = []
    for caller, target in allowed:
        answer = call(matrix, row, caller, target, row.made(matrix.ledger))
        if answer.status_code != expected(row, caller, target):
            wrong.append((caller, target, answer.status_code, answer.text))
    assert allowed
    assert not wrong
