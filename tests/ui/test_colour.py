"""Colours of identity: stable by name, legible in both themes."""

import pytest

from creditbook.ui.colour import OTHER, _luminance, colour

KNOWN = [
    "code",
    "srs",
    "claude-sonnet-4-5",
    "claude-haiku-4.5",
    "gpt-5",
    "gpt-4o-2024-08-06",
    "openrouter/anthropic/claude-3.5-sonnet",
    "gemini-2.5-flash",
]


def contrast(a: str, b: str) -> float:
    one, two = sorted((_luminance(tuple(int(h[i : i + 2], 16) / 255 for i in (1, 3, 5))) for h in (a, b)), reverse=True)  # type: ignore[arg-type]
    return (one + 0.05) / (two + 0.05)


@pytest.mark.parametrize("background", ["#FFFFFF", "#0D0F14"])
def test_every_name_is_legible_on_both_backgrounds(background: str) -> None:
    names = [
        *KNOWN,
        "",
        *(f"agent-{i}" for i in range(500)),
        *(f"gpt-{i}" for i in range(100)),
        *(f"claude-{i}-haiku" for i in range(100)),
    ]
    assert {n: round(contrast(colour(n), background), 2) for n in names if contrast(colour(n), background) < 3} == {}


def test_a_name_keeps_its_colour_however_it_is_written() -> None:
    assert colour("anthropic/claude-sonnet-4-5") == colour("claude-sonnet-4.5") == "#6D4DE0"
    assert colour("reviewer") == colour("reviewer") != colour("planner")
    assert colour(" ") == OTHER


def test_forty_unknown_agents_rarely_share_a_colour() -> None:
    assert len({colour(f"agent {i}") for i in range(40)}) >= 38
