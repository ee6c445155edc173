"""Bodies that nobody can read, or that are larger than anything could be: said so, by the right status, at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from api.door import Door, open_door

from creditbook.api import bounds
from creditbook.api.bounds import LARGEST_BODY_BYTES
from creditbook.installation import close_installations

PIECE = b" " * 1_000_000


@pytest.fixture
def door(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", sqlite_url)
    yield open_door(sqlite_url)
    close_installations()


def sent(door: Door, content: bytes | Iterator[bytes], **headers: str) -> tuple[int, str, str]:
    said = {"Authorization": f"Bearer {door.keys['spend']}", "Content-Type": "application/json",
            "Idempotency-Key": "a body", **headers}  # fmt: skip
    answer = door.client.post("/v1/usage", content=content, headers=said)
    return answer.status_code, answer.headers["content-type"], answer.json()["detail"]


@pytest.mark.parametrize("body", [b"{", b'{"action": "wo', b"\x80\x81", b'"\xff"', b"not json"], ids=repr)
def test_a_body_that_cannot_be_read_is_400_and_not_a_wrong_value(door: Door, body: bytes) -> None:
    problem = "application/problem+json"
    assert sent(door, body) == (400, problem, "The body can't be read: send JSON in UTF-8.")


def test_a_length_beyond_the_bound_is_413_before_anything_is_read(door: Door) -> None:
    found = sent(door, b"{}", **{"Content-Length": str(LARGEST_BODY_BYTES + 1)})
    assert found == (413, "application/problem+json", "A body has at most 20 MB. Send it in smaller parts.")


def test_a_body_without_a_length_is_413_as_soon_as_it_is_beyond_the_bound(door: Door) -> None:
    given = 0

    def endless() -> Iterator[bytes]:
        nonlocal given
        while given < 50:
            given += 1
            yield PIECE

    assert sent(door, endless())[0] == 413


def test_a_body_of_just_the_bound_is_read(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'{"account": "asha", "action": "work", "tokens": 1}'
    monkeypatch.setattr(bounds, "LARGEST_BODY_BYTES", len(body))
    said = {"Authorization": f"Bearer {door.keys['spend']}", "Content-Type": "application/json"}
    ok = door.client.post("/v1/usage", content=body, headers={**said, "Idempotency-Key": "just"})
    more = door.client.post("/v1/usage", content=body + b" ", headers={**said, "Idempotency-Key": "more"})
    assert (ok.status_code, more.status_code) == (200, 413)


@pytest.mark.parametrize("said", [0, 1_772_625_600, 1.5, "0", "1772625600", " 12 ", "1e9"], ids=repr)
def test_a_bare_number_is_no_moment(door: Door, said: object) -> None:
    answer = door.spend(tokens=1, event_at=said)
    assert answer.status_code == 422
    assert "has to be written like 2026-12-31T18:30:00Z" in answer.json()["detail"]
    assert door.get(f"/v1/accounts/asha/balance?as_of={said}").status_code == 422
    assert door.get(f"/v1/transactions?account=asha&first={said}").status_code == 422


def test_a_method_that_an_address_does_not_take_is_told_all_those_that_it_takes(door: Door) -> None:
    wrong = {}
    for path, told in door.client.app.openapi()["paths"].items():
        answer = door.send("PUT", path.replace("{account}", "asha").replace("_id}", "").replace("{", "1"), "admin")
        allowed = {name.upper() for name in told} & {"GET", "POST", "PATCH", "DELETE"}
        found = set(answer.headers.get("allow", "").split(", "))
        if (answer.status_code, answer.headers["content-type"]) != (405, "application/problem+json") or (
            not found >= allowed or (found != allowed and "{account}" not in path)
        ):
            wrong[path] = (answer.status_code, sorted(found), sorted(allowed))
    assert not wrong
