"""One alert on its way: by mail and to chats through Apprise's own services, to webhooks through one of ours.

Ours is a plugin like theirs, because theirs would connect wherever a name leads (`guarding`).
"""

from __future__ import annotations

import importlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, unquote, urlsplit

from creditbook.domain.errors import InvalidRequest
from creditbook.settings import Settings

from . import guarding
from .channels import Channel, Kind

if TYPE_CHECKING:
    from apprise import NotifyBase

SECONDS = 20
"""Longer than any channel may take; what is not delivered by then has failed."""

_CHATS = {
    "slack": ("slack", "NotifySlack"),
    "discord": ("discord", "NotifyDiscord"),
    "gchat": ("google_chat", "NotifyGoogleChat"),
    "tgram": ("telegram", "NotifyTelegram"),
}
_PORTS = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_MODES = {"smtp": "insecure", "smtp+starttls": "starttls", "smtps": "ssl"}


@dataclass(frozen=True, slots=True)
class Message:
    """What an alert says. ``facts`` is what a webhook gets beside title and body, for programs."""

    title: str
    body: str
    facts: dict[str, Any]


def send(channel: Channel, message: Message, settings: Settings) -> str:
    """Send one alert once. Returns '' when it was taken, else a sentence why not; raises nothing of the channel's."""
    import apprise
    from apprise.exception import AppriseException

    asset = apprise.AppriseAsset(
        app_id="Creditbook", app_desc="Creditbook", app_url="", http_redirects=False, storage_mode="memory"
    )
    said: list[str] = []
    try:
        service = _service(channel, message, settings, asset, said)
    except InvalidRequest as refusal:
        return str(refusal)
    except AppriseException:
        service = None
    if service is None:
        return "The address can't be used: its service does not know it."
    post = apprise.Apprise(service, asset=asset)
    delivered = post.notify(message.body, title=message.title, body_format="text", timeout=SECONDS)
    if delivered:
        return ""
    return said[0] if said else f"{channel.shown} did not take it."


def _service(channel: Channel, message: Message, settings: Settings, asset: Any, said: list[str]) -> NotifyBase | None:
    """The service's own class: asking Apprise by address would first load all of the hundred and more it has."""
    if channel.kind is Kind.WEBHOOK:
        return _webhook(channel.text, message, settings, asset, said)
    if channel.kind is Kind.MAIL:
        module, name, known = "email", "NotifyEmail", mail_server(settings) | {"targets": [channel.text]}
    else:
        module, name = _CHATS[channel.text.partition("://")[0]]
        known = None
    service: Any = getattr(importlib.import_module(f"apprise.plugins.{module}"), name)
    known = service.parse_url(channel.text) if known is None else known
    return cast("NotifyBase", service(**known, asset=asset)) if known else None


def mail_server(settings: Settings) -> dict[str, Any]:
    """CREDITBOOK_SMTP_URL as Apprise's e-mail service takes it. Raises InvalidRequest: the sentence shows a right one.

    `smtp://host` is without encryption (a relay on this machine), `smtp+starttls://` and `smtps://` with it.
    """
    parts = urlsplit(settings.smtp_url or "")
    try:
        port = parts.port
    except ValueError:
        port = None
    sender = parse_qs(parts.query).get("from", [unquote(parts.username or "")])[0]
    if parts.scheme not in _PORTS or not parts.hostname or "@" not in sender:
        raise InvalidRequest(
            "CREDITBOOK_SMTP_URL can't be used. Write smtp+starttls://user:password@mail.example.com?from=credits@example.com"
        )
    return {
        "schema": "mailto" if parts.scheme == "smtp" else "mailtos",
        "secure": parts.scheme != "smtp",
        "secure_mode": _MODES[parts.scheme],
        "host": parts.hostname,
        "smtp_host": parts.hostname,
        "port": port or _PORTS[parts.scheme],
        "user": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "from_addr": sender,
    }


def _webhook(url: str, message: Message, settings: Settings, asset: Any, said: list[str]) -> NotifyBase:
    """A JSON document by POST: `{"version": "1", "title", "body", "alert": {…}}`."""
    from apprise import NotifyBase

    class Webhook(NotifyBase):  # type: ignore[no-untyped-call]
        service_name: Any = "Creditbook webhook"
        request_rate_per_sec = 0

        def send(self, body: str, title: str = "", notify_type: Any = None, **_more: Any) -> bool:
            document = {"version": "1", "title": title, "body": body, "alert": message.facts}
            headers = {"Content-Type": "application/json", "User-Agent": "Creditbook"}
            private = settings.alerts_to_private_hosts
            trouble = guarding.post(url, json.dumps(document).encode(), headers, private=private)
            if trouble:
                said.append(trouble)
            return not trouble

    return Webhook(asset=asset)  # type: ignore[no-untyped-call]
