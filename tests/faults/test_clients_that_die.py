"""Clients that are killed in the middle, and clients that are slow: neither does anything twice, nor keeps others."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from faults.insisting import ACCOUNTS, Expected, Program, Site, Stood, a_site, storm


@pytest.fixture
def site(sqlite_url: str, installed_at: Callable[[str], None]) -> Iterator[Site]:
    installed_at(sqlite_url)
    with a_site(sqlite_url) as site:
        yield site


def request(site: Site, account: str, once: str) -> bytes:
    """A charge of ten tokens, as it goes over the line."""
    body = json.dumps({"account": account, "action": "work", "tokens": 10}).encode()
    parts = urlsplit(site.url)
    head = (
        f"POST {parts.path}/v1/usage HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {site.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {once}\r\n\r\n"
    )
    return head.encode() + body


def connected(site: Site) -> socket.socket:
    parts = urlsplit(site.url)
    return socket.create_connection((str(parts.hostname), parts.port or 80), timeout=30)


def killed(line: socket.socket) -> None:
    """Gone without a goodbye: the other side gets a reset."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    line.close()


def answer(line: socket.socket) -> tuple[int, bytes]:
    """Status and body of an answer that is read to its end."""
    told = b""
    while b"\r\n\r\n" not in told:
        told += line.recv(65_536)
    head, _, body = told.partition(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    while len(body) < length:
        body += line.recv(65_536)
    return int(head.split()[1]), body


def wait_for(site: Site, usages: int) -> None:
    """Until so many charges are in the books."""
    end = time.monotonic() + 10
    while site.transactions()["usage"] < usages and time.monotonic() < end:
        time.sleep(0.005)


def test_a_client_killed_at_any_byte_has_charged_once_when_it_comes_back(site: Site) -> None:
    before, expected = Stood.at(site), Expected()
    whole, done_so_far = len(request(site, ACCOUNTS[0], "killed 00")), 0
    for number in range(40):
        account, sent = ACCOUNTS[number % 8], request(site, ACCOUNTS[number % 8], f"killed {number:02}")
        line = connected(site)
        # Every second request arrives whole; the others break off at one byte after another.
        line.sendall(sent if number % 2 else sent[: whole * number // 40])
        if number % 8 == 1:
            done_so_far += 1
            wait_for(site, done_so_far)  # killed between the commit and the answer, or after it
        killed(line)
        expected.add(account, -10, "usage")
    program = Program(site.url, site.key, Expected(), threading.Lock())
    replayed = 0
    for number in range(40):
        body = {"account": ACCOUNTS[number % 8], "action": "work", "tokens": 10}
        replayed += program.insist("/v1/usage", body, f"killed {number:02}")["replayed"]
    program.hang_up()
    assert not expected.differs(site, before)
    assert 5 <= replayed <= 20, "those that broke off have done nothing; of the others some were done before"


def test_what_breaks_off_does_nothing(site: Site) -> None:
    before = Stood.at(site)
    for number in range(20):
        sent = request(site, ACCOUNTS[number % 8], f"half {number}")
        line = connected(site)
        line.sendall(sent[: -1 - number])
        killed(line)
    time.sleep(0.1)
    assert not Expected().differs(site, before)


def test_clients_that_send_a_byte_now_and_then_keep_nobody_waiting(site: Site) -> None:
    before = Stood.at(site)
    slow = [(number, connected(site)) for number in range(60)]
    for number, line in slow:
        line.sendall(request(site, ACCOUNTS[number % 8], f"slow {number}")[:-1])
    began = time.monotonic()
    expected, _ = storm(site, site.url, range(32), threads=4)
    others = time.monotonic() - began
    for number, line in slow[:30]:
        line.sendall(b"}")
        status, _ = answer(line)
        assert status == 200
        expected.add(ACCOUNTS[number % 8], -10, "usage")
    for _, line in slow[30:]:
        killed(line)
    for _, line in slow[:30]:
        line.close()
    assert not expected.differs(site, before)
    assert others < 20, "sixty open requests held up those that were whole"


def test_a_client_that_does_not_read_its_answers_keeps_nobody_waiting(site: Site) -> None:
    before, deaf = Stood.at(site), [connected(site) for _ in range(20)]
    for number, line in enumerate(deaf):
        # Many answers that nobody reads: the server's side of the line fills up.
        line.sendall(b"".join(request(site, ACCOUNTS[number % 8], f"deaf {number}") for _ in range(10)))
    expected, _ = storm(site, site.url, range(16), threads=4)
    for number, line in enumerate(deaf):
        assert answer(line)[0] == 200
        killed(line)
        expected.add(ACCOUNTS[number % 8], -10, "usage")
    assert not expected.differs(site, before)
