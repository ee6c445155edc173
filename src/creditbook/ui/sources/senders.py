"""How each program is made to send here: its address, and a snippet to copy."""

from __future__ import annotations

import streamlit as st

from creditbook.sources.values import TITLES, Kind
from creditbook.ui.page import card, head, muted

from .words import ENDPOINTS

_OPENMETER = """from openmeter import Client
from openmeter.models import Event

client = Client(endpoint="{base}", token="cb_…")
client.events.ingest_event(
    Event(
        id="run-42/srs",  # the same id again counts once
        source="my-app",
        specversion="1.0",
        type="srs",
        subject="asha",  # the account's name, or its external_id
        data={{"model": "gpt-5", "input_tokens": 900, "output_tokens": 2600, "agent": "srs"}},
    )
)"""
_OTLP = """# any GenAI instrumentation: pydantic-ai, OpenAI, LangChain …
export OTEL_EXPORTER_OTLP_ENDPOINT={base}/api/v1/otlp
export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf
export OTEL_EXPORTER_OTLP_HEADERS=Authorization=Bearer%20cb_…

# in the program, so that each span says whose it is:
#   span.set_attribute("user.id", "asha")"""
_LITELLM = """# litellm's proxy, config.yaml
litellm_settings:
  callbacks: ["generic_api"]

# its environment
export GENERIC_LOGGER_ENDPOINT={base}/api/v1/litellm
export GENERIC_LOGGER_HEADERS="Authorization=Bearer cb_…"

# in a request, whose it is:  {{"user": "asha", …}}"""
_FILES = """creditbook import usage events.csv --org {org} --dry-run
creditbook import usage events.csv --org {org}"""
_CURL = """curl {base}/api/v1/events \\
  -H 'Authorization: Bearer cb_…' -H 'Content-Type: application/cloudevents+json' \\
  -d '{{"specversion": "1.0", "id": "run-43/srs", "source": "my-app", "type": "srs", "subject": "asha",
       "data": {{"model": "gpt-5", "input_tokens": 900, "output_tokens": 2600}}}}'"""
SNIPPETS: dict[Kind, tuple[str, str]] = {
    "cloudevents": (_OPENMETER, "python"), "otlp": (_OTLP, "bash"), "litellm": (_LITELLM, "bash")
}  # fmt: skip


def curl(base: str) -> str:
    """One CloudEvent by hand."""
    return _CURL.format(base=base)


def snippet(kind: Kind, base: str) -> str:
    """What makes a program send here."""
    return SNIPPETS[kind][0].format(base=base)


def one(kind: Kind, base: str) -> None:
    """The address of one kind, and its snippet."""
    st.markdown(f"Events come in at `{base}{ENDPOINTS[kind]}`, with an API key of the scope **spend**.")
    st.code(snippet(kind, base), language=SNIPPETS[kind][1], wrap_lines=True)


def nothing(base: str, org: str) -> None:
    """No source yet: how one begins."""
    with card("empty"):
        begins = "A source appears here with its first event. Make an API key with the scope spend for whatever sends."
        head("Nothing has come in by itself yet", begins)
        everything(base, org)


def everything(base: str, org: str) -> None:
    """A tab for each program that sends, one for whatever else can, and one for files."""
    kinds: list[Kind] = ["cloudevents", "otlp", "litellm"]
    *places, files = st.tabs([*("OpenMeter SDK" if one == "cloudevents" else TITLES[one] for one in kinds), "Files"])
    for kind, place in zip(kinds, places, strict=True):
        with place:
            one(kind, base)
            if kind == "cloudevents":
                muted("Anything that can post JSON can send the same:")
                st.code(curl(base), language="bash", wrap_lines=True)
    with files:
        st.markdown("Usage that lies in a CSV, JSON lines or Parquet file is uploaded on this page, or on the server:")
        st.code(_FILES.format(org=org), language="bash")
