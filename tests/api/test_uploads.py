"""Files of usage by upload: what the command line does with a file, for a program that has it in its hands."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path
from shutil import copy
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from api.door import Door, open_door

from creditbook.api import uploads
from creditbook.installation import close_installations

CSV = b"""user,time,model,prompt_tokens,completion_tokens
asha,2026-03-02T09:30:00Z,gpt-4o,1000,50
ben,2026-03-02T09:31:00Z,gpt-4o,10,5
zed,2026-03-02T09:32:00Z,gpt-4o,1,1
"""
HEAD = {"rows": 3, "imported": 2, "replayed": 0, "refused": 1, "organization": "acme", "mode": "meter"}


@pytest.fixture(scope="module")
def shared(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    url = f"sqlite:///{copy(sqlite_template, tmp_path_factory.mktemp('uploads') / 'creditbook.db')}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CREDITBOOK_DATABASE_URL", url)
        yield open_door(url)
        close_installations()


def sent(door: Door, file: bytes, name: str = "usage.csv", key: str = "admin", **form: Any) -> Any:
    return door.upload("/v1/uploads", {"file": (name, file)}, key, **form)


def usage(door: Door) -> list[tuple[str | None, int | None]]:
    """Model and input tokens of everything of asha's and ben's."""
    answers = [door.get(f"/v1/tokens/transactions?account={name}").json() for name in ("asha", "ben")]
    lines = [line for answer in answers for line in answer["transactions"]]
    return [(line["model"], line["tokens"]) for line in lines if line["type"] == "usage"]


def test_a_dry_run_tells_what_would_be_and_the_file_is_then_booked_once(door: Door) -> None:
    tried = sent(door, CSV, dry_run="true").json()
    assert {name: tried[name] for name in HEAD} == HEAD
    assert (tried["dry_run"], tried["import_id"], usage(door)) == (True, None, [])
    made = sent(door, CSV).json()
    assert {name: made[name] for name in HEAD} == HEAD
    assert made["mapping"] == {
        "account": "user", "model": "model", "event_at": "time", "input_tokens": "prompt_tokens",
        "output_tokens": "completion_tokens",
    }  # fmt: skip
    [refused] = made["refused_rows"]
    assert (refused["line"], refused["row"]["user"]) == (4, "zed")
    assert "no account acme/zed" in refused["reason"]
    again = sent(door, CSV).json()
    assert (again["imported"], again["replayed"]) == (0, 2)
    assert len(usage(door)) == 2
    twice = sent(door, CSV, set="agent=tutor", dry_run="true").json()
    assert (twice["imported"], "booked a second time" in twice["notes"][0]) == (2, True)


def test_json_lines_packed_and_parquet_with_the_options_of_the_command_line(shared: Door, tmp_path: Path) -> None:
    lines = b'{"who": "asha", "at": "2026-03-02 09:30", "n": 7}\n{"who": {"deep": [1]}, "n": NaN}\n'
    options = {"map": ["account=who", "event_at=at", "input_tokens=n"], "set": ["model=gpt-4o"], "tz": "Asia/Kolkata"}
    told = sent(shared, gzip.compress(lines), "usage.jsonl.gz", **options).json()
    assert (told["imported"], told["refused"], told["format"]) == (1, 1, "jsonl")
    assert told["refused_rows"][0]["row"] == {"who": "{'deep': [1]}", "n": None}
    path = tmp_path / "usage.parquet"
    pq.write_table(pa.table({"account": ["eva"], "event_at": ["2026-03-01T00:00:00Z"], "tokens": [25]}), path)
    told = sent(shared, path.read_bytes(), mode="meter", create_accounts="true", set="action=work").json()
    assert (told["imported"], told["accounts_created"], told["format"], told["reasons"]) == (1, 1, "parquet", {})


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({"mode": "both"}, "`mode` is one of meter, charge."),
        ({"format": "xlsx"}, "`format` is one of"),
        ({"dry_run": "perhaps"}, "`dry_run` is true or false."),
        ({"mode": ["meter", "meter"]}, "Send `mode` once"),
        ({"colour": "red"}, "There is no option “colour”."),
        ({"map": "account"}, "write it as --map FIELD=COLUMN"),
        ({"map": "account=nobody"}, "there is no such column"),
        ({"tz": "Mars/Olympus"}, "Mars/Olympus"),
        ({"mode": "charge"}, "(create_accounts, --create-accounts), or only record the cost (mode meter)"),
    ],
)
def test_an_option_that_cannot_be_meant_is_refused_with_what_to_write(shared: Door, form: Any, says: str) -> None:
    answer = sent(shared, CSV, **form)
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (b"", "usage"), (b"PAR1 and then nothing PAR1", "usage"), (b"a,b\n1,2\n", "whose usage"),
        (b"\xff\xfea\x00", "UTF-16"), (b"[1]", "one JSON list"), (b"\x1f\x8bcut", "usage"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(shared: Door, file: bytes, says: str) -> None:
    answer = sent(shared, file)
    assert answer.status_code == 422, answer.text
    assert says in answer.json()["detail"]


def test_headings_that_are_no_utf8_are_told_as_well_as_can_be(shared: Door) -> None:
    answer = sent(shared, b"\x80W\xff\n1\n")
    assert (answer.status_code, "Columns: ?W?" in answer.json()["detail"]) == (422, True)
    told = sent(shared, b"account,event_at,input_tokens,\xff\nzed\xfe,2026-03-02,1,x\n", dry_run="1")
    assert (told.status_code, told.json()["refused"]) == (200, 1)
    told = sent(
        shared, b"account,event_at,\xff\nben,2026-03-02,7\n", dry_run="1", map=b"input_tokens=\xff".decode("latin-1")
    )
    assert told.status_code == 422  # the heading is not what was typed


def test_what_no_database_keeps_as_text_is_imported_or_refused_and_never_an_error_of_ours(door: Door) -> None:
    rest = b'"event_at":"2026-03-02T00:00:00Z","input_tokens":%d}'
    files = {
        b"account\xff,event_at,input_tokens\nben,2026-03-02T00:00:00Z,5\n": 1,
        b"account,event_at,input_tokens,model\nben,2026-03-02,5,m\xff\n": 0,
        b'{"account":"ben\\ud800",' + rest % 6: 0,
        b'{"account\\ud800":"ben",' + rest % 7: 1,
        b'{"account\\u0000":"ben",' + rest % 8: 1,
    }
    for file, imported in files.items():
        answer = sent(door, file)
        assert answer.status_code == 200, answer.text
        assert answer.json()["imported"] == imported, answer.text


def test_what_is_no_form_or_too_large_or_has_no_file_is_refused(shared: Door, monkeypatch: Any) -> None:
    headers = {"Authorization": f"Bearer {shared.keys['admin']}", "Content-Type": "multipart/form-data; boundary=x"}
    for body in (b"--x\r\nnonsense", b"--y", b""):
        answer = shared.client.post("/v1/uploads", content=body, headers=headers)
        assert answer.status_code in {400, 422}, answer.text
    text = shared.client.post(
        "/v1/uploads", data={"file": "a text"}, files={"x": b""}, headers={"Authorization": headers["Authorization"]}
    )
    assert (text.status_code, text.json()["detail"]) == (422, "Send one file as `file`.")
    no_boundary = {**headers, "Content-Type": "multipart/form-data"}
    assert shared.client.post("/v1/uploads", content=b"x", headers=no_boundary).status_code == 400
    assert shared.send("POST", "/v1/uploads", "admin", {}).status_code == 415
    monkeypatch.setattr(uploads, "LARGEST_FILE_BYTES", 100)
    refused = sent(shared, CSV)
    assert (refused.status_code, refused.headers["content-type"]) == (413, "application/problem+json")


def test_a_name_that_is_a_path_is_only_a_name(shared: Door) -> None:
    for name, kept in (
        ("../../etc/passwd", "passwd"),
        ("C:\\x\\..", "upload"),
        ("…", "upload"),
        ("a b.csv", "a-b.csv"),
    ):
        assert sent(shared, CSV, name, dry_run="1").json()["file"] == kept


def test_the_same_file_twice_at_once_is_one_import(shared: Door) -> None:
    with uploads._alone("it"), pytest.raises(uploads.Conflict), uploads._alone("it"):
        pytest.fail("Both at once.")
    with uploads._alone("it"):
        pass
