"""An application beside a Creditbook server, or around the library: one line says which, nothing else differs."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from fastapi import Body, FastAPI, Request

from creditbook import Ledger, client, open_ledger

ORG = "studio"


@functools.cache
def books() -> Ledger | client.Client:
    """The books. On a server of their own: `return client.connect("https://credits.example.com", API_KEY)`."""
    return open_ledger()


def whose(visit: client.Visit) -> str | None:
    """Whose tokens a visit takes; your own sign-in says so, a header stands for it here."""
    user = visit.headers.get("x-user")
    return f"{ORG}/{user}" if user else None


@dataclass(frozen=True)
class Answer:
    """What an LLM said and what it counted. Yours comes from the provider's answer."""

    text: str
    input_tokens: int
    output_tokens: int


def ask(prompt: str) -> Answer:
    """The LLM. It has one joke."""
    return Answer(f"{prompt}? To get to the other side.", 40 * len(prompt), 1_200)


app = FastAPI(title="Paid answers")
app.add_middleware(client.Charging, books=books, account=whose, routes={"POST /answers": client.Work("idea")})


@app.post("/answers")
def answer(request: Request, prompt: str = Body(embed=True)) -> dict[str, str]:
    """Held before it runs and charged when it answers well: the middleware does both, and tells what is left."""
    said = ask(prompt)
    request.state.creditbook.used(
        model="claude-haiku-4-5", input_tokens=said.input_tokens, output_tokens=said.output_tokens
    )
    return {"answer": said.text}


def counted(answer: Answer) -> dict[str, object]:
    """The tokens of an answer, as the books have them."""
    return {"input_tokens": answer.input_tokens, "output_tokens": answer.output_tokens, "model": "claude-haiku-4-5"}


@client.charged(books, action="report", account=lambda user, _topic: f"{ORG}/{user}", usage=counted)
def report(user: str, topic: str) -> Answer:
    """A function that costs its caller tokens, wherever it is called from; if it fails it is free."""
    return ask(f"Why {topic}")


@app.post("/reports")
def write(request: Request, topic: str = Body(embed=True)) -> dict[str, object]:
    """A report by the function above, and slides within a hold of its own: under one key they are paid for once."""
    user = request.headers["x-user"]
    text = report(user, topic).text
    with books().reserve(f"{ORG}/{user}", action="ppt", project=topic, idempotency_key=f"{user}/{topic}") as job:
        slides = job.capture(tokens=500, agent="ppt", idempotency_key=f"{user}/{topic}")
    return {"report": text, "left": books().balance(f"{ORG}/{user}").available, "slides": slides.charged}
