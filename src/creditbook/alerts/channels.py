"""Where an alert may go: an e-mail address, a webhook, a chat. What people type is narrowed to these, by shape.

Chats go to fixed hosts of Slack, Discord, Google Chat and Telegram, whose addresses hold nothing but tokens; every
other service that Apprise knows is refused, because many of them name a host, a file or a device of this machine.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from creditbook.domain.errors import InvalidRequest
from creditbook.settings import Settings

from . import guarding

LONGEST = 500


class Kind(StrEnum):
    """The three ways."""

    MAIL = "mail"
    WEBHOOK = "webhook"
    CHAT = "chat"


@dataclass(frozen=True, slots=True)
class Channel:
    """A checked address. ``text`` is kept and handed to what sends; ``shown`` leaves secrets out."""

    kind: Kind
    text: str
    shown: str


_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+")
_PART = r"[A-Za-z0-9_-]{4,200}"
_CHATS: tuple[tuple[str, str, str], ...] = (
    ("Slack", rf"(?:https://hooks\.slack\.com/services|slack:/)/({_PART})/({_PART})/({_PART})/?", "slack://{}/{}/{}"),
    ("Discord", rf"(?:https://discord(?:app)?\.com/api/webhooks|discord:/)/([0-9]{{5,30}})/({_PART})/?",
     "discord://{}/{}"),
    ("Google Chat",
     rf"https://chat\.googleapis\.com/v1/spaces/({_PART})/messages\?key=({_PART})&token=([A-Za-z0-9_%-]{{4,200}})",
     "gchat://{}/{}/{}"),
    ("Google Chat", rf"gchat://({_PART})/({_PART})/([A-Za-z0-9_%-]{{4,200}})/?", "gchat://{}/{}/{}"),
    ("Telegram", r"tgram://([0-9]{5,20}:[A-Za-z0-9_-]{20,60})/(-?[0-9]{3,20})/?", "tgram://{}/{}"),
)  # fmt: skip
_SAMPLES = "Write an e-mail address, a web address (https://…), or a Slack, Discord, Google Chat or Telegram address."


def channel(text: str, settings: Settings, *, resolve: bool = False) -> Channel:
    """What somebody typed, checked. ``resolve`` also asks whether its host may be reached from here.

    Raises InvalidRequest: the sentence says what to write.
    """
    text = text.strip()
    if not text:
        raise InvalidRequest(f"Say where to send the alert. {_SAMPLES}")
    if len(text) > LONGEST:
        raise InvalidRequest(f"The address is longer than {LONGEST} characters.")
    if (chat := _chat(text)) is not None:
        return chat
    if text.startswith(("http://", "https://")):
        parts = guarding.web_address(text)
        if resolve:
            guarding.resolved(parts, private=settings.alerts_to_private_hosts)
        return Channel(Kind.WEBHOOK, text, f"{parts.scheme}://{parts.netloc}{'/…' if len(parts.path) > 1 else ''}")
    address = text.removeprefix("mailto:")
    if not _MAIL.fullmatch(address) or len(address) > 254:
        raise InvalidRequest(f"“{text[:60]}” is no address that alerts can be sent to. {_SAMPLES}")
    if settings.smtp_url is None:
        raise InvalidRequest(
            "No mail can be sent from here: CREDITBOOK_SMTP_URL is not set. Choose a webhook or a chat."
        )
    return Channel(Kind.MAIL, address, address)


def shown(text: str, settings: Settings) -> str:
    """A kept address for people's eyes, also where it could not be used any more."""
    try:
        return channel(text, settings).shown
    except InvalidRequest:
        return text if _MAIL.fullmatch(text) else "an address that can't be used any more"


def _chat(text: str) -> Channel | None:
    for name, pattern, kept in _CHATS:
        found = re.fullmatch(pattern, text)
        if found is not None:
            return Channel(Kind.CHAT, kept.format(*found.groups()), f"{name} …{found.groups()[-1][-4:]}")
    return None
