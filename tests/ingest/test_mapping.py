from __future__ import annotations

import pytest

from creditbook.ingest.mapping import is_missing, make_map, pairs, value_at
from creditbook.ingest.values import BadMapping

AIDER = {
    "event": "message_send",
    "properties": {
        "main_model": "gpt-4o", "prompt_tokens": 638, "completion_tokens": 25, "cost": 0.1, "edit_format": "diff",
    },
    "user_id": "u1",
    "time": 1723560043,
}  # fmt: skip


def test_aiders_events_need_no_mapping() -> None:
    assert make_map({}, {}, None, [AIDER]).fields(AIDER) == {
        "account": "u1", "action": "message_send", "agent": "diff", "model": "gpt-4o", "event_at": 1723560043,
        "input_tokens": 638, "output_tokens": 25,
    }  # fmt: skip


def test_what_a_tool_says_it_cost_is_taken_only_when_mapped_by_hand() -> None:
    assert make_map({"cost_usd": "properties.cost"}, {}, None, [AIDER]).fields(AIDER)["cost_usd"] == 0.1


def test_servegens_and_azures_headings_need_no_mapping() -> None:
    servegen = ("timestamp", "client", "model", "input_tokens", "output_tokens")
    made = make_map({}, {}, servegen, [])
    assert set(made.automatic.values()) == set(servegen)
    azure = make_map({}, {"account": "chat"}, ("TIMESTAMP", "ContextTokens", "GeneratedTokens"), [])
    assert azure.automatic == {
        "event_at": "TIMESTAMP",
        "input_tokens": "ContextTokens",
        "output_tokens": "GeneratedTokens",
    }


def test_our_own_field_names_win_over_what_merely_sounds_like_them() -> None:
    made = make_map({}, {}, ("user_id", "account", "date", "event_at"), [])
    assert (made.automatic["account"], made.automatic["event_at"]) == ("account", "event_at")


def test_an_id_inside_an_object_is_not_the_rows_id() -> None:
    row = {"user": {"id": "7"}, "data": {"id": "8"}, "account": "a", "time": 1}
    assert "id" not in make_map({}, {}, None, [row]).automatic


def test_a_value_set_by_hand_beats_the_automatic_map() -> None:
    assert make_map({}, {"account": "all"}, None, [AIDER]).fields(AIDER)["account"] == "all"


def test_a_value_set_beside_a_mapped_column_fills_its_empty_cells() -> None:
    made = make_map({"account": "user_id"}, {"account": "nobody"}, None, [AIDER])
    assert made.fields(AIDER)["account"] == "u1"
    assert made.fields({**AIDER, "user_id": None})["account"] == "nobody"


@pytest.mark.parametrize("nothing", [None, "", "  ", "None", "null", "NaN", float("nan"), "N/A"])
def test_a_cell_that_says_nothing_gives_no_field(nothing: object) -> None:
    assert is_missing(nothing)
    made = make_map({}, {}, None, [AIDER])
    assert "model" not in made.fields({**AIDER, "properties": {"main_model": nothing}})


def test_zero_is_not_nothing() -> None:
    assert not is_missing(0)
    assert not is_missing("0")


def test_a_column_with_a_dot_in_its_name_is_found_before_the_path() -> None:
    assert value_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
    assert value_at({"a": {"b": [{"c": 3}]}}, "a.b.0.c") == 3
    assert value_at({"a": {"b": []}}, "a.b.0.c") is None
    assert value_at({"a": "text"}, "a.b") is None


@pytest.mark.parametrize(
    ("by_hand", "fixed", "columns", "says"),
    [
        ({"model": "modell"}, {}, ("account", "time"), "--map model=modell: there is no such column"),
        ({}, {}, ("when", "tokens"), "whose usage"),
        ({}, {"account": "a"}, ("tokens",), "when it happened"),
    ],
)
def test_a_file_that_cannot_be_mapped_says_what_to_write(
    by_hand: dict[str, str], fixed: dict[str, str], columns: tuple[str, ...], says: str
) -> None:
    with pytest.raises(BadMapping, match=says):
        make_map(by_hand, fixed, columns, [])


@pytest.mark.parametrize("text", ["model", "model=", "colour=x", "=x"])
def test_an_option_that_is_no_pair_of_field_and_column_is_refused(text: str) -> None:
    with pytest.raises(BadMapping, match="--map"):
        pairs([text], "--map")


def test_a_field_named_twice_is_refused() -> None:
    with pytest.raises(BadMapping, match="twice"):
        pairs(["model=a", "model=b"], "--map")


def test_a_value_may_hold_an_equals_sign() -> None:
    assert pairs(["description=a=b"], "--set") == {"description": "a=b"}
