"""Files of usage by upload: `creditbook import usage` for programs, with the same options and the same result."""

from __future__ import annotations

import csv
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from python_multipart.exceptions import FormParserError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.types import Message

from creditbook.api.answering import Here
from creditbook.api.bodies import media_type, too_large, unreadable
from creditbook.api.callers import Administrator, Caller
from creditbook.api.problems import documented, printable
from creditbook.domain.errors import Conflict, InvalidRequest
from creditbook.ingest.booking import OPENING
from creditbook.ingest.formats import Format, fingerprint
from creditbook.ingest.mapping import pairs
from creditbook.ingest.outcome import ImportRequest, Mode
from creditbook.ingest.refusals import LINE, REASON, TEXT
from creditbook.ingest.usage import import_usage
from creditbook.installation import Installation
from creditbook.sources.foreign import read_json

router = APIRouter(prefix="/v1", tags=["sources"])

LARGEST_FILE_BYTES = 64 * 1024 * 1024
MOST_REFUSED_SHOWN, LONGEST_SHOWN = 100, 500
_ONE = ("format", "mode", "tz", "create_accounts", "dry_run")
_MANY = ("map", "set")
_FLAG = TypeAdapter(bool)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class RefusedRow(BaseModel):
    """A row that was not booked: where it stands in the file, why, and what stands there."""

    line: int
    reason: str
    row: dict[str, Any]


class Uploaded(BaseModel):
    """Every row of the file is imported, replayed (in the ledger before) or refused; a dry run counts what would be.

    ``refused_rows`` are the first hundred of them: mend those, and send them as a file.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "organization": "studio",
                "file": "usage.csv",
                "format": "csv",
                "mode": "meter",
                "mapping": {"account": "user", "event_at": "time", "input_tokens": "prompt_tokens"},
                "import_id": 17,
                "dry_run": False,
                "interrupted": False,
                "rows": 3,
                "imported": 2,
                "replayed": 0,
                "refused": 1,
                "unpriced": 0,
                "accounts_created": 0,
                "resumed_from": 0,
                "reasons": {f"There is no account studio/zed. {OPENING}": 1},
                "notes": [],
                "seconds": 0.02,
                "refused_rows": [{"line": 4, "reason": "There is no account studio/zed. …", "row": {"user": "zed"}}],
            }
        }
    )
    organization: str
    file: str
    format: str
    mode: str
    mapping: dict[str, str]
    import_id: int | None
    dry_run: bool
    interrupted: bool
    rows: int
    imported: int
    replayed: int
    refused: int
    unpriced: int
    accounts_created: int
    resumed_from: int
    reasons: dict[str, int]
    notes: list[str]
    seconds: float
    refused_rows: Annotated[list[RefusedRow], Field(max_length=MOST_REFUSED_SHOWN)]


_TEXTS = {"type": "array", "items": {"type": "string"}}
_FORM = {
    "type": "object",
    "required": ["file"],
    "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "CSV, JSONL (also .gz) or Parquet"},
        "format": {"enum": [one.value for one in Format], "default": "auto"},
        "map": {**_TEXTS, "description": "FIELD=COLUMN, one for each field", "example": ["account=user_id"]},
        "set": {**_TEXTS, "description": "FIELD=VALUE for every row", "example": ["action=chat"]},
        "mode": {"enum": [one.value for one in Mode], "default": "meter"},
        "tz": {"type": "string", "description": "Zone of times without one; else UTC", "example": "Asia/Kolkata"},
        "create_accounts": {"type": "boolean", "default": False},
        "dry_run": {"type": "boolean", "default": False},
    },
}  # fmt: skip


@router.post(
    "/uploads",
    summary="Import a file of usage",
    responses=documented(409, 415),
    openapi_extra={"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}},
)
async def upload(request: Request, caller: Administrator, here: Here) -> Uploaded:
    """Reads, checks and books the rows of one file. The same file again, mapped as before,
    books nothing twice, whatever became of it; with another mapping `notes` say how many rows may be booked twice.

    Send it with `dry_run` first: it tells how the columns were understood and which rows would be refused, and why.
    """
    slug = caller.whole_organization()
    if media_type(request) != "multipart/form-data":
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send multipart/form-data with the file as `file`.")
    try:
        async with _bounded(request).form(max_files=1, max_fields=100, max_part_size=10_000) as form:
            file, asked = _file(form), _asked(form)
            return await run_in_threadpool(_import, here, caller, slug, file, asked)
    except FormParserError:
        raise unreadable("The body is no multipart/form-data.") from None


def _bounded(request: Request) -> Request:
    """The same request, which ends with a 413 where its body passes the bound."""
    left = LARGEST_FILE_BYTES

    async def receive() -> Message:
        nonlocal left
        message = await request.receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise too_large(f"A file has at most {LARGEST_FILE_BYTES // 1024**2} MB here. Split it, or pack it as .gz.")
        return message

    return Request(request.scope, receive)


def _file(form: FormData) -> UploadFile:
    found = form.getlist("file")
    if len(found) != 1 or not isinstance(found[0], UploadFile):
        raise InvalidRequest("Send one file as `file`.")
    return found[0]


def _asked(form: FormData) -> dict[str, Any]:
    """The options as an import takes them. Raises InvalidRequest, BadMapping."""
    texts = {name: [value for value in form.getlist(name) if isinstance(value, str)] for name in form}
    for name, values in texts.items():
        if name not in (*_ONE, *_MANY, "file"):
            raise InvalidRequest(f"There is no option “{name[:60]}”. Options: {', '.join((*_ONE, *_MANY))}.")
        if len(values) != 1 and name in _ONE:
            raise InvalidRequest(f"Send `{name}` once, as a text.")
    one = {name: texts[name][0] for name in _ONE if name in texts}
    return {
        "format": _choice(Format, "format", one.get("format", "auto")),
        "mode": _choice(Mode, "mode", one.get("mode", "meter")),
        "by_hand": pairs(texts.get("map", []), "--map"),
        "fixed": pairs(texts.get("set", []), "--set"),
        "zone": one.get("tz", ""),
        "create_accounts": _flag("create_accounts", one.get("create_accounts", "false")),
        "dry_run": _flag("dry_run", one.get("dry_run", "false")),
    }


def _choice(kind: type[Format] | type[Mode], name: str, text: str) -> Format | Mode:
    try:
        return kind(text)
    except ValueError:
        raise InvalidRequest(f"`{name}` is one of {', '.join(kind)}.") from None


def _flag(name: str, text: str) -> bool:
    try:
        return _FLAG.validate_python(text)
    except ValidationError:
        raise InvalidRequest(f"`{name}` is true or false.") from None


def _import(here: Installation, caller: Caller, slug: str, file: UploadFile, asked: dict[str, Any]) -> Uploaded:
    with tempfile.TemporaryDirectory(prefix="creditbook-upload-") as folder:
        path = Path(folder) / (_UNSAFE.sub("-", Path(file.filename or "").name)[-100:].lstrip(".-") or "upload")
        with path.open("wb") as kept:
            shutil.copyfileobj(file.file, kept)
        with _alone(f"{id(here)} {slug} {fingerprint(path)}"):
            made = import_usage(here.ledger, ImportRequest(path=path, org=slug, actor=caller.actor, **asked))
        told = {name: _printable(value) for name, value in asdict(made).items()}
        refused = told.pop("refused_path")
        rows = list(islice(_rows(Path(refused)), MOST_REFUSED_SHOWN)) if refused else []
    return Uploaded(**{**told, "file": path.name, "refused_rows": rows})


def _printable(value: Any) -> Any:
    """The same with texts that go out again, whatever stood in the file's headings."""
    if isinstance(value, dict):
        return {printable(name): _printable(inside) for name, inside in value.items()}
    return printable(value) if isinstance(value, str) else value


_running: set[str] = set()
_guard = threading.Lock()


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One import of a file at a time in this process; two at once would count into each other's record."""
    with _guard:
        if name in _running:
            raise Conflict("This file is being imported right now. Wait for it to end.")
        _running.add(name)
    try:
        yield
    finally:
        with _guard:
            _running.discard(name)


def _rows(path: Path) -> Iterator[RefusedRow]:
    with path.open(encoding="utf-8", errors="replace", newline="") as file:
        read: Iterator[dict[str, Any]] = csv.DictReader(file) if path.suffix == ".csv" else map(read_json, file)
        for row in read:
            line, reason = int(row.pop(LINE)), printable(row.pop(REASON))
            yield RefusedRow(
                line=line, reason=reason, row={printable(name): _shown(row[name]) for name in row if name != TEXT}
            )


def _shown(value: object) -> object:
    """A cell as it is told: what is long or nested as the beginning of its text."""
    if value is None or isinstance(value, bool) or (isinstance(value, int) and abs(value) < 2**53):
        return value
    return printable(str(value)[:LONGEST_SHOWN])
