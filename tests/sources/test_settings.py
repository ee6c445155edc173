"""How a source is set up, by whom, and which one takes what an API key sends."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sources.arriving import Arrivals, event

from creditbook.access.api_keys import ApiKeys
from creditbook.domain.errors import Conflict, InvalidRequest, NotFound, Refused
from creditbook.sources.settings import Terms, save_source, source_for, sources_of
from creditbook.sources.values import WHO, Source


def found(arrivals: Arrivals, kind: str = "cloudevents", key_id: int | None = None) -> Source:
    return source_for(arrivals.store, arrivals.boss.org_id, kind, key_id, arrivals.clock())  # type: ignore[arg-type]


def save(arrivals: Arrivals, reason: str = "test", source_id: int | None = None, **terms: object) -> Source:
    whole = Terms(**{"name": "App", "kind": "cloudevents", **terms})  # type: ignore[arg-type]
    return save_source(arrivals.store, arrivals.boss, arrivals.clock, whole, source_id=source_id, reason=reason)


def test_the_first_event_of_a_kind_makes_its_source_which_meters_and_queues(anywhere: Arrivals) -> None:
    source = found(anywhere, "otlp")
    assert (source.name, source.mode, source.unknown, source.who) == ("OpenTelemetry", "meter", "queue", WHO["otlp"])
    assert (source.created_by, source.is_on, source.key_id) == ("system", True, None)
    assert found(anywhere, "otlp", 99) == source
    assert [one.name for one in sources_of(anywhere.store, anywhere.boss)] == ["CloudEvents", "OpenTelemetry"]


def test_many_first_events_at_once_make_one_source(anywhere: Arrivals) -> None:
    ids: list[int] = []
    threads = [threading.Thread(target=lambda: ids.append(found(anywhere, "litellm").source_id)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(ids), len(set(ids))) == (6, 1)


def test_a_key_with_a_source_of_its_own_is_taken_by_it_and_no_other_key_is(arrivals: Arrivals) -> None:
    keys = ApiKeys(arrivals.store, arrivals.clock)
    mine, other = (keys.create(arrivals.boss, name, "spend", reason="test").key_id for name in ("mine", "other"))
    bound = save(arrivals, name="Mine", key_id=mine, mode="charge")
    assert found(arrivals, key_id=mine) == bound
    assert found(arrivals, key_id=other) == found(arrivals) == arrivals.source
    with pytest.raises(Conflict, match="“Mine” takes the CloudEvents events of this API key"):
        save(arrivals, name="Again", key_id=mine)
    with pytest.raises(NotFound):
        save(arrivals, name="Lost", key_id=mine + 10_000)


def test_a_rotated_key_keeps_its_source_until_the_new_one_has_its_own(anywhere: Arrivals) -> None:
    keys = ApiKeys(anywhere.store, anywhere.clock)
    old = keys.create(anywhere.boss, "mine", "spend", reason="test").key_id
    bound = save(anywhere, name="Mine", key_id=old)
    newer = keys.rotate(anywhere.boss, old, overlap=timedelta(days=1), reason="test").key_id
    newest = keys.rotate(anywhere.boss, newer, overlap=timedelta(days=1), reason="test").key_id
    assert [found(anywhere, key_id=key) for key in (old, newer, newest)] == [bound] * 3
    own = save(anywhere, name="Its own", key_id=newest)
    assert [found(anywhere, key_id=key) for key in (old, newer, newest)] == [bound, bound, own]


def test_a_source_made_by_itself_steps_aside_for_a_name_that_is_taken(arrivals: Arrivals) -> None:
    save(arrivals, source_id=arrivals.source.source_id, name="LiteLLM")
    assert found(arrivals, "litellm").name == "LiteLLM 2"


def test_the_same_event_through_two_sources_is_one_usage(arrivals: Arrivals) -> None:
    arrivals.take(event())
    key = ApiKeys(arrivals.store, arrivals.clock).create(arrivals.boss, "k", "spend", reason="test").key_id
    arrivals.source = save(arrivals, name="Other", key_id=key)
    assert arrivals.take(event()).replayed == 1


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ({"name": " "}, "name"),
        ({"kind": "carrier pigeon"}, "is none of"),
        ({"mode": "gift"}, "is none of"),
        ({"mapping": {"colour": "team"}}, "no field of usage"),
        ({"mapping": {"event_at": "when"}}, "no field of usage"),
        ({"fixed": {"action": "x" * 300}}, "at most 200"),
        ({"who": tuple(f"a{n}" for n in range(30))}, "At most 20"),
        ({"source_id": True, "kind": "otlp"}, "This source takes CloudEvents"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_to_write(
    arrivals: Arrivals, terms: dict[str, object], said: str
) -> None:
    if terms.get("source_id"):
        terms = {**terms, "source_id": arrivals.source.source_id}
    with pytest.raises(InvalidRequest, match=said):
        save(arrivals, **terms)  # type: ignore[arg-type]


def test_a_change_needs_a_reason_and_an_administrator(arrivals: Arrivals) -> None:
    with pytest.raises(InvalidRequest, match="reason"):
        save(arrivals, kind="otlp", reason="")
    arrivals.boss = replace(arrivals.boss, role="user", is_operator=False)
    with pytest.raises(Refused):
        save(arrivals, kind="otlp")
    with pytest.raises(Refused):
        sources_of(arrivals.store, arrivals.boss)


def test_no_attribute_at_all_means_those_usual_for_the_kind(arrivals: Arrivals) -> None:
    source = save(arrivals, kind="litellm", who=(" ", ""), mapping={"agent": " "})
    assert (source.who, source.mapping) == (WHO["litellm"], {})
