"""What the settings and states of sources are called on the page."""

from __future__ import annotations

from creditbook.sources.values import TITLES, Kind, Mode, Source, State, Unknown

ICONS: dict[Kind, str] = {"cloudevents": ":material/event_note:", "otlp": ":material/timeline:",
                          "litellm": ":material/hub:"}  # fmt: skip
MODE: dict[Mode, str] = {"meter": "Records the cost", "charge": "Charges"}
MODE_SAYS: dict[Mode, str] = {
    "meter": "Usage and its cost are recorded. Nobody's tokens are touched.",
    "charge": "The work is done already, so it is charged whatever the balance; what is missing becomes debt or waits, "
    "as the program says.",
}
UNKNOWN: dict[Unknown, str] = {"queue": "Wait", "create": "Open the account"}
UNKNOWN_SAYS: dict[Unknown, str] = {
    "queue": "Events about somebody who has no account wait here until you decide.",
    "create": "An account is opened for everybody who is named, with what the program opens at sign-up.",
}
STATE: dict[State, str] = {"waiting": "Waiting", "rejected": "Rejected", "booked": "Booked", "dismissed": "Dismissed"}
ENDPOINTS: dict[Kind, str] = {"cloudevents": "/api/v1/events", "otlp": "/api/v1/otlp/v1/traces",
                              "litellm": "/api/v1/litellm"}  # fmt: skip
COLOURS = {"Booked": "#1E9E55", "Booked before": "#8FA3BF", "No usage": "#B9C0CC", "Waiting": "#D9860F",
           "Rejected": "#D93A3A", "Dismissed": "#7F899B"}  # fmt: skip


def kind(source: Source) -> str:
    """What sends to it: the standard's or the program's name."""
    return TITLES[source.kind]


def whose(source: Source, keys: dict[int, str]) -> str:
    """Whose events these are: one key's, or those of every key without a source of its own."""
    if source.key_id is None:
        return "Every key without a source of its own"
    return keys.get(source.key_id, "A key that is gone")


def code(text: str) -> str:
    """What somebody else wrote, as code in markdown: nothing in it is markup."""
    return f"`{text.replace('`', '')}`" if text.replace("`", "").strip() else ""
