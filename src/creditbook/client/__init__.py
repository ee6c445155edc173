"""The ledger of a Creditbook server, from any program: the library's verbs, values and errors over HTTP.

    from creditbook.client import connect

    ledger = connect("https://credits.example.com", "cb_studio_…")      # in process: ledger = open_ledger()
    ledger.spend("studio/asha", action="srs", tokens=3_500, idempotency_key="run-42/srs")

`docs/client.md` has the decorator and the middleware.
"""

from creditbook.client.decorator import charged
from creditbook.client.ledgers import AsyncClient, AsyncJob, Client, Job, connect
from creditbook.client.middleware import Charging, Tab, Visit, Work
from creditbook.client.refusals import NoAnswer
from creditbook.client.sending import Retries

__all__ = [
    "AsyncClient",
    "AsyncJob",
    "Charging",
    "Client",
    "Job",
    "NoAnswer",
    "Retries",
    "Tab",
    "Visit",
    "Work",
    "charged",
    "connect",
]
