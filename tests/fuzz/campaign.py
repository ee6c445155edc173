"""Requests made up from our own OpenAPI by schemathesis, each sent by one caller after another and judged.

Judged is: no 5xx; status, media type, headers and body as OpenAPI says; what is wrong is refused; nobody without a key
gets through and nobody beyond a key's scope; and what was refused has written nothing at all to the database.
"""

from __future__ import annotations

import json
import random
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import Any

import schemathesis
from api.rows import OPEN, ROWS
from fuzz.world import CALLERS, World
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode, Response
from schemathesis.core import NOT_SET
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.case import adjust_urlencoded_payload
from schemathesis.specs.openapi import checks as judged

from creditbook.api import api

CHECKS = [
    schemathesis.checks.not_a_server_error,
    judged.status_code_conformance,
    judged.content_type_conformance,
    judged.response_headers_conformance,
    judged.response_schema_conformance,
    judged.negative_data_rejection,
    judged.missing_required_header,
    judged.unsupported_method,
    judged.allow_header_conformance,
]
SCOPES: dict[str, dict[str, str]] = {row.path.replace(":path", ""): {} for row in ROWS}
for _row in ROWS:
    SCOPES[_row.path.replace(":path", "")][_row.method] = _row.scope
RANK = {"read": 0, "spend": 1, "bound": 1, "admin": 2, "bound admin": 2}
DOORS = ("/v1/events", "/v1/otlp/", "/v1/litellm")
"""Third parties' programs send here: what can be understood later is kept and answered as success."""
LIKELY = 0.8
"""How often a made-up request speaks of what is there: most would never get past "no such account"."""


@dataclass
class Tally:
    """What was sent, and what was wrong."""

    cases: int = 0
    callers: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        self.cases += other.cases
        self.callers += other.callers
        self.statuses += other.statuses
        self.wrong += other.wrong

    def answered(self) -> set[str]:
        """The routes that said yes to somebody."""
        return {told.rpartition(" ")[0] for told in self.statuses if told.rpartition(" ")[2].startswith("2")}


def as_it_is(_context: Any, value: Any) -> bytes:
    """What was made up for a body that schemathesis can't write: bytes as they are, the rest as a line of JSON."""
    return value if isinstance(value, bytes) else json.dumps(value, default=str).encode()


for _kind in ("application/x-protobuf", "application/x-ndjson", "application/vnd.apache.parquet"):
    schemathesis.serializer(_kind)(as_it_is)


class Campaign:
    """Sends what schemathesis makes up to the API over one world."""

    def __init__(self, world: World, number: int = 1) -> None:
        self.world = world
        config = schemathesis.Config(seed=number)
        config.projects.default.generation.with_security_parameters = False
        self.schema = schemathesis.openapi.from_asgi("/openapi.json", api, config=config)
        self.operations = {one.label: one for one in (found.ok() for found in self.schema.get_all_operations())}
        self._numbers = iter(range(1, 10**9))

    def random_cases(self, label: str, number: int, most: int) -> Tally:
        """`most` requests of a route by Hypothesis from this seed: half of them right, half of them wrong."""
        operation, tally = self.operations[label], Tally()
        callers = cycle(CALLERS)
        luck = random.Random(number)
        modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
        if not (operation.body or list(operation.iter_parameters())):
            modes = [GenerationMode.POSITIVE]
        for mode in modes:
            cases = operation.as_strategy(generation_mode=mode)

            @seed(number)
            @settings(max_examples=most // len(modes), phases=[Phase.generate], database=None, deadline=None,
                      suppress_health_check=list(HealthCheck))  # fmt: skip
            @given(cases)
            def send(case: Case[Any]) -> None:
                self._send(case, next(callers), luck, tally)

            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with suppress(Unsatisfiable):  # anything at all is right for this route
                    send()
        return tally

    def edges(self, label: str, number: int = 0, each: int = 1, until: int | None = None) -> Tally:
        """Each bound of each field, from within and from beyond, and all else that schemathesis tries by plan.

        ``number`` shifts who sends what; only every ``each``th of the first ``until`` is sent.
        """
        operation, tally, luck = self.operations[label], Tally(), random.Random(f"{label} {number}")
        turns = cycle(CALLERS[number % len(CALLERS) :] + CALLERS[: number % len(CALLERS)])
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for case in islice(self._planned(operation), number % each, until, each):
                self._send(case, next(turns), luck, tally)
        return tally

    def _planned(self, operation: Any) -> Iterator[Case[Any]]:
        config = self.schema.config.generation_for(operation=operation)
        cases = self.schema.iter_coverage_cases(
            operation, generation_modes=list(GenerationMode), generation_config=config
        )
        for case in cases:
            adjust_urlencoded_payload(case)
            case._record_starting_state()
            yield case

    def _send(self, case: Case[Any], caller: str | None, luck: random.Random, tally: Tally) -> None:
        if "seconds" in {one.name for one in case.operation.query}:
            case.query["seconds"] = 0  # a stream tells what is and ends
        positive = case.meta is None or case.meta.generation.mode.is_positive
        if positive and luck.random() < LIKELY:
            self._say_less(case, luck)
            self._speak_of_what_is_there(case, luck)
            caller = caller if luck.random() < 0.5 else "admin"
        case.headers.pop("Authorization", None)
        headers = {} if caller is None else {"Authorization": f"Bearer {self.world.door.keys[caller]}"}
        if positive or ("Idempotency-Key" not in case.headers and not _lacks_its_key(case)):
            headers["Idempotency-Key"] = f"fuzz {next(self._numbers)}"
        answer = case.call(headers=headers)
        tally.cases += 1
        tally.callers[str(caller)] += 1
        tally.statuses[f"{case.operation.label} {answer.status_code}"] += 1
        tally.wrong += [f"{case.operation.label} by {caller}: {said}" for said in self._judge(case, answer, caller)]
        if answer.status_code < 300:
            self._learn(answer)
            if "/keys" in case.operation.path and case.method != "GET":
                self.world.renew_keys()

    def _judge(self, case: Case[Any], answer: Response, caller: str | None) -> Iterator[str]:
        status, wrote = answer.status_code, self.world.witness.written()
        if status >= 400 and wrote:
            yield f"{status}, and {', '.join(sorted(wrote))} written.\n{case.as_curl_command()}\n{answer.text[:500]}"
        try:
            case.validate_response(answer, checks=CHECKS, excluded_checks=_not_of(case))
        except FailureGroup as found:
            yield str(found)
        path, method = case.operation.path, answer.request.method
        scope = SCOPES.get(path, {}).get(method)
        if scope is None or status in (404, 405) or (status == 400 and "can't be read" in answer.text):
            return
        if caller in (None, "wrong") and status != 401:
            yield f"{status} for nobody in particular.\n{case.as_curl_command()}\n{answer.text[:300]}"
        elif caller in RANK and RANK[caller] < RANK[scope] and status != 403:
            yield f"{status} beyond the key's scope.\n{case.as_curl_command()}\n{answer.text[:300]}"

    def _say_less(self, case: Case[Any], luck: random.Random) -> None:
        """Leaves out some of what may be left out: everything at once mostly contradicts itself."""
        bodies = list(case.operation.body or ())
        if not bodies or not isinstance(case.body, dict):
            return
        needed = _schema_of(bodies[0].definition.get("schema", {})).get("required", [])
        case.body = {name: value for name, value in case.body.items() if name in needed or luck.random() < 0.4}

    def _speak_of_what_is_there(self, case: Case[Any], luck: random.Random) -> None:
        """Puts names and ids that exist into a right request."""

        def better(told: Any) -> Any:
            if isinstance(told, list):
                return [better(one) for one in told]
            if not isinstance(told, dict):
                return told
            return {name: self._known(name, value, luck) if not isinstance(value, dict | list) else better(value)
                    for name, value in told.items()}  # fmt: skip

        case.path_parameters = better(case.path_parameters)
        case.query = better(case.query)
        if case.body is not NOT_SET:
            case.body = better(case.body)

    def _known(self, name: str, value: Any, luck: random.Random) -> Any:
        words = self.world.known.get(name)
        if words:
            return luck.choice(words)
        if isinstance(value, int) and not isinstance(value, bool) and value > 10**6 and "tokens" in name.lower():
            return luck.randint(1, 1_000)
        return value

    def _learn(self, answer: Response) -> None:
        if "json" in " ".join(answer.headers.get("content-type", [])):
            self.world.learn(answer.json())


def _schema_of(schema: dict[str, Any]) -> dict[str, Any]:
    """What a reference, or one that may be null, leads to."""
    bundle = schema.get("x-bundled", {})
    while "$ref" in schema or "anyOf" in schema:
        schema = schema["anyOf"][0] if "anyOf" in schema else bundle.get(schema["$ref"].rpartition("/")[2], {})
    return schema


def _lacks_its_key(case: Case[Any]) -> bool:
    """Whether this very request is about what happens without the header."""
    told = getattr(case.meta.phase.data, "parameter", None) if case.meta is not None else None
    return told == "Idempotency-Key"


def _not_of(case: Case[Any]) -> list[Any]:
    """What schemathesis can't know: an account's name may hold a slash, and a body that may be left out may be null."""
    excluded: list[Any] = []
    if case.operation.path.startswith("/v1/accounts/{account}"):
        excluded += [judged.unsupported_method, judged.allow_header_conformance]
    if case.operation.path.startswith(DOORS):
        excluded.append(judged.negative_data_rejection)
    if case.body is None and case.operation.body and not any(one.is_required for one in case.operation.body):
        excluded.append(judged.negative_data_rejection)
    return excluded


def keyless() -> set[str]:
    """The routes that ask for no key, as OpenAPI names them."""
    return {f"{method} {path}" for method, path in OPEN}
