"""Where an alert may go. What people type must not lead this server to what only it can reach."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest
from support.listening import Listener, listening

from creditbook.alerts import guarding
from creditbook.alerts.channels import Kind, channel, shown
from creditbook.domain.errors import InvalidRequest
from creditbook.settings import Settings

HERE = Settings(smtp_url="smtp://127.0.0.1:25?from=credits@example.com")
OPEN = Settings(alerts_to_private_hosts=True)


@pytest.fixture
def server() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


@pytest.mark.parametrize(
    ("typed", "kind", "kept", "seen"),
    [
        (" asha@example.com ", Kind.MAIL, "asha@example.com", "asha@example.com"),
        ("mailto:asha@example.com", Kind.MAIL, "asha@example.com", "asha@example.com"),
        ("https://hooks.example.com/in/s3cret", Kind.WEBHOOK, "https://hooks.example.com/in/s3cret",
         "https://hooks.example.com/…"),
        ("https://hooks.slack.com/services/T0AAA/B0BBB/cccccc1234", Kind.CHAT, "slack://T0AAA/B0BBB/cccccc1234",
         "Slack …1234"),
        ("https://discord.com/api/webhooks/123456789/abcdef_-99", Kind.CHAT, "discord://123456789/abcdef_-99",
         "Discord …_-99"),
        ("https://chat.googleapis.com/v1/spaces/AAAA/messages?key=kkkk&token=tttt%3D", Kind.CHAT,
         "gchat://AAAA/kkkk/tttt%3D", "Google Chat …t%3D"),
        ("tgram://123456789:abcdefghijabcdefghijabcdefghij/-100123", Kind.CHAT,
         "tgram://123456789:abcdefghijabcdefghijabcdefghij/-100123", "Telegram …0123"),
    ],
)  # fmt: skip
def test_mail_webhooks_and_four_chats_are_taken_and_shown_without_their_secrets(
    typed: str, kind: Kind, kept: str, seen: str
) -> None:
    found = channel(typed, HERE)
    assert (found.kind, found.text, found.shown) == (kind, kept, seen)
    assert channel(found.text, HERE) == found


@pytest.mark.parametrize(
    "typed",
    [
        "", "asha", "asha@example", "a@b.c, d@e.f", "a@b.c\nBcc: x@y.z", "asha@example.com?smtp=evil", "@example.com",
        "json://127.0.0.1/x", "jsons://example.com", "mailto://user:pass@example.com", "file:///etc/passwd",
        "syslog://", "dbus://", "windows://", "apprise://127.0.0.1/t", "slack://evil.example/x", "ftp://example.com",
        "discord://12345678/token1234?avatar_url=http://127.0.0.1", "https://", "https:///x", "http://[::1", "gopher://x",
        "https://user:secret@example.com/", "https://example.com/a b", "https://example.com:22/", "http://example.com:25/",
        "https://exämple.com/", "https://example.com:99999/", "x" * 501, "tgram://1/2",
    ],
)  # fmt: skip
def test_everything_else_is_refused_with_a_sentence_that_says_what_to_write(typed: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        channel(typed, HERE)
    assert len(str(refusal.value)) > 20
    assert shown(typed, HERE) == "an address that can't be used any more"


def test_mail_is_refused_where_no_mail_server_is_set_up() -> None:
    with pytest.raises(InvalidRequest, match="CREDITBOOK_SMTP_URL"):
        channel("asha@example.com", Settings())
    assert shown("asha@example.com", Settings()) == "asha@example.com"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::",
    ],
)  # fmt: skip
def test_addresses_inside_are_off_limits_however_they_are_written(address: str) -> None:
    assert not guarding.is_reachable(address, private=False)


def test_the_setting_opens_private_networks_but_never_the_clouds_own_address() -> None:
    assert all(guarding.is_reachable(inside, private=True) for inside in ("127.0.0.1", "10.0.0.1", "::1", "fd00::1"))
    closed = ("169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0")
    assert not any(guarding.is_reachable(inside, private=True) for inside in closed)
    assert guarding.is_reachable("93.184.216.34", private=False)
    assert guarding.is_reachable("2606:2800:220:1:248:1893:25c8:1946", private=False)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.0.0.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_a_webhook_to_this_machine_is_refused_when_typed_and_again_when_sent(host: str, server: Listener) -> None:
    url = f"http://{host}:{server.url.rpartition(':')[2]}/secret"
    with pytest.raises(InvalidRequest, match="inside a private network|There is no host"):
        channel(url, HERE, resolve=True)
    assert "inside a private network" in (said := guarding.post(url, b"{}", {}, private=False)) or "no host" in said
    assert server.heard == []


def test_a_name_that_answers_with_an_inside_address_the_second_time_gains_nothing(
    server: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection goes to the address that was judged: asking again would have found another."""
    port = int(server.url.rpartition(":")[2])
    asked: list[str] = []
    real = socket.getaddrinfo

    def turning(host: str, *rest: object, **more: object) -> object:
        if host == "turning.example":
            asked.append(host)
            host = "127.0.0.2" if len(asked) == 1 else "127.0.0.1"
        return real(host, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", turning)
    said = guarding.post(f"http://turning.example:{port}/", b"{}", {}, private=True)
    assert "could not be reached" in said
    assert server.heard == []
    assert asked == ["turning.example"]


def test_a_webhook_is_posted_to_the_host_by_its_name(server: Listener) -> None:
    url = server.url.replace("127.0.0.1", "localhost") + "/in?x=1"
    assert guarding.post(url, b'{"a":1}', {"Content-Type": "application/json"}, private=True) == ""
    (heard,) = server.heard
    assert (heard.method, heard.path, heard.json) == ("POST", "/in?x=1", {"a": 1})
    assert heard.headers["host"].startswith("localhost:")


def test_a_redirect_is_not_followed(server: Listener) -> None:
    with listening() as inside:
        server.answer = lambda _: (302, {})
        server.headers = {"location": inside.url + "/admin"}
        assert "status 302" in guarding.post(server.url, b"{}", {}, private=True)
        assert inside.heard == []


def test_what_goes_wrong_on_the_way_is_a_sentence(server: Listener, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = lambda _: (500, {"secret": "inside"})
    said = guarding.post(server.url, b"{}", {}, private=True)
    assert said == "127.0.0.1 answered with status 500."
    assert "could not be reached" in guarding.post("http://127.0.0.1:9999/", b"{}", {}, private=True)
    assert "no valid certificate" in guarding.post(server.url.replace("http", "https"), b"{}", {}, private=True)
    assert "no host" in guarding.post("https://nowhere.invalid/", b"{}", {}, private=True)
    monkeypatch.setattr(guarding, "SECONDS", 0.2)
    server.answer = lambda _: (time.sleep(0.6), (200, {}))[1]  # type: ignore[func-returns-value]
    assert "did not answer" in guarding.post(server.url, b"{}", {}, private=True)
