"""A real mail server on loopback that keeps what it was given."""

from __future__ import annotations

import email
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Letter:
    """One mail as it arrived."""

    sender: str
    recipients: list[str]
    message: Message

    @property
    def text(self) -> str:
        return str(self.message.get_payload(decode=True), "utf-8")


@dataclass
class Mailbox:
    """Where it listens, what it got, and what it answers to the next mails."""

    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    answer: str = "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?from=credits@example.com"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        if self.answer.startswith("2"):
            message = email.message_from_bytes(envelope.content, policy=default)
            self.letters.append(Letter(envelope.mail_from, envelope.rcpt_tos, message))
        return self.answer


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server for the length of a `with`."""
    with socket.socket() as free:  # the controller asks its own port whether it is up, so it has to be known before
        free.bind(("127.0.0.1", 0))
        box = Mailbox(free.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()
