"""The wheel carries the whole site and runs from any directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path

import pytest
from support.browser import free_port, serving
from support.house import ROOT

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def installed_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the built wheel would put into site-packages."""
    built, unpacked = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("site-packages")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(built), str(ROOT)],
        check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = built.glob("creditbook-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(unpacked)
    return unpacked


@pytest.fixture
def elsewhere(installed_wheel: Path, tmp_path: Path) -> tuple[dict[str, str], Path]:
    """An environment that sees the wheel before the checkout, and an empty working directory."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CREDITBOOK_")}
    return environ | {"PYTHONPATH": str(installed_wheel)}, tmp_path


def run(arguments: list[str], environ: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], env=environ, cwd=folder, capture_output=True, text=True, check=False, timeout=120
    )


def test_everything_that_is_no_python_rides_in_the_wheel(installed_wheel: Path) -> None:
    package = ROOT / "src" / "creditbook"
    site = [ROOT / "app.py", ROOT / ".streamlit" / "config.toml", *(ROOT / "pages").rglob("*.py")]
    inside = [path.relative_to(package) for path in package.rglob("*") if path.is_file()]
    wanted = [installed_wheel / "creditbook" / path for path in inside]
    wanted += [installed_wheel / "creditbook" / "_site" / path.relative_to(ROOT) for path in site]
    assert not [str(path) for path in wanted if not path.is_file() and "__pycache__" not in path.parts]


def test_an_installed_creditbook_finds_its_site_in_the_package(elsewhere: tuple[dict[str, str], Path]) -> None:
    found = run(["-c", "from creditbook.site import ENTRY; print(ENTRY)"], *elsewhere)
    assert found.stdout.strip().endswith("creditbook/_site/app.py"), found.stderr


def test_init_in_an_empty_folder_makes_the_database_there(elsewhere: tuple[dict[str, str], Path]) -> None:
    made = run(["-m", "creditbook", "init", "--json"], *elsewhere)
    assert made.returncode == 0, made.stderr
    assert (elsewhere[1] / "data" / "creditbook.db").is_file()


def test_an_installed_creditbook_serves_from_another_directory(
    elsewhere: tuple[dict[str, str], Path], tmp_path: Path
) -> None:
    environ, folder = elsewhere
    assert run(["-m", "creditbook", "init"], environ, folder).returncode == 0
    # `serving` starts it in a new folder of its own, as far from the wheel as from the checkout.
    with serving(f"sqlite:///{tmp_path}/data/creditbook.db", environ) as server:
        with urllib.request.urlopen(server.at("api/healthz"), timeout=30) as answer:
            assert json.load(answer)
        with urllib.request.urlopen(server.url, timeout=30) as page:
            assert b"<title>" in page.read()


def test_serve_before_init_says_what_to_run_first(elsewhere: tuple[dict[str, str], Path]) -> None:
    refused = run(["-m", "creditbook", "serve", "--port", str(free_port())], *elsewhere)
    assert refused.returncode == 1
    assert "creditbook init" in refused.stderr
    assert "Traceback" not in refused.stderr
