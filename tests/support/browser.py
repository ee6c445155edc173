"""A real server in a process of its own and a real Chromium that visits it. Used by tests/browser and scripts/."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Without these Chromium calls home at every start and waits for answers that a closed network refuses.
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    # A tab finds the dashboard compiled by the tab before it: a second of CPU instead of three and a half.
    "--process-per-site",
]  # fmt: skip
START_SECONDS = 90

# True once nothing on the page is still being computed or painted.
_PAINTED = """() => {
  const all = s => [...document.querySelectorAll(s)];
  if (all('[data-testid="stSkeleton"],[data-testid="stSpinner"],[data-stale="true"]').length) return false;
  if (all('[data-testid="stPlotlyChart"]').some(e => !e.querySelector('.main-svg'))) return false;
  if (all('[data-testid="stVegaLiteChart"],[data-testid="stMetricChart"]').some(e => !e.querySelector('svg,canvas')))
    return false;
  if (all('[data-testid="stDataFrame"]').some(e => !e.querySelector('canvas'))) return false;
  return all('img').every(e => e.complete) && document.fonts.status === 'loaded';
}"""
# Resolves when the page has not changed for 300 ms (a live balance changes now and then: at most 4 s).
_SETTLED = """() => new Promise(done => {
  const finish = () => { watch.disconnect(); done(); };
  let timer = setTimeout(finish, 300);
  const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(finish, 300); });
  watch.observe(document.body, {subtree: true, childList: true, attributes: true});
  setTimeout(finish, 4000);
})"""


class NoBrowser(Exception):
    """No browser can be had here; the message says what to do about it."""


@dataclass(frozen=True)
class LiveServer:
    """A running `creditbook serve`. `url` has no trailing slash; `log` is what it printed."""

    url: str
    database_url: str
    process: subprocess.Popen[bytes]
    log: Path

    def at(self, path: str) -> str:
        """The address of a page."""
        return f"{self.url}/{path.lstrip('/')}"


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def creditbook(*arguments: str, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Runs one `creditbook …` in a process of its own, as a person at a terminal does."""
    return subprocess.run(
        [sys.executable, "-m", "creditbook", *arguments],
        env={**os.environ, **environ}, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


@contextmanager
def serving(database_url: str, environ: Mapping[str, str] | None = None) -> Iterator[LiveServer]:
    """Serves a migrated database on a free loopback port until the block ends."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="creditbook-serve-"))
    log = folder / "serve.log"
    surroundings = {**os.environ, "CREDITBOOK_DATABASE_URL": database_url, **(environ or {})}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "creditbook", "serve", "--port", str(port)],
            env=surroundings, cwd=folder, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        server = LiveServer(f"http://127.0.0.1:{port}", database_url, process, log)
        try:
            _wait_until_ready(server)
            yield server
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(server: LiveServer) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(server.at("api/readyz"), timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise RuntimeError(f"creditbook serve did not become ready:\n{server.log.read_text(errors='replace')[-4000:]}")


def find_browser() -> str:
    """The path of a Chromium (CREDITBOOK_TEST_BROWSER wins). Raises NoBrowser."""
    given = os.environ.get("CREDITBOOK_TEST_BROWSER")
    found = given or next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise NoBrowser(
            "No browser was found: install Chromium (Debian: apt-get install chromium), "
            "or name one in CREDITBOOK_TEST_BROWSER."
        )
    return found


@contextmanager
def chromium() -> Iterator[Browser]:
    """A headless Chromium. Raises NoBrowser where there is none."""
    path = find_browser()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def clean(context: BrowserContext) -> None:
    """Takes everything that a test left in a browser, but keeps what it has downloaded and compiled.

    The last tab stays, at an address without a page, as long as the next test needs to open one of its own.
    """
    context.clear_cookies()
    kept, *others = reversed(context.pages)
    for page in others:
        page.close()
    try:
        parts = urlsplit(kept.url)
        kept.goto(f"{parts.scheme}://{parts.netloc}/api/healthz")
        kept.evaluate("() => { localStorage.clear(); sessionStorage.clear(); }")
        context.clear_cookies()
    except PlaywrightError:  # its server has stopped
        kept.close()


def until_ready(page: Page, timeout_seconds: float = 45) -> None:
    """Waits until the script has finished, nothing is a placeholder, charts have painted and the page stands still."""
    milliseconds = timeout_seconds * 1000
    page.wait_for_selector('[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=milliseconds)
    page.wait_for_function(_PAINTED, timeout=milliseconds)
    page.evaluate(_SETTLED)


def visit(page: Page, url: str) -> None:
    """Opens an address and waits until the page is ready."""
    page.goto(url)
    until_ready(page)
