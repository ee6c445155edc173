"""Do the tests notice? Applies each deliberate fault of tests/mutants/*.toml to a copy of the tree and runs its tests.

    python scripts/mutants.py                 # all of them
    python scripts/mutants.py --only rollover # those whose names contain a word
    python scripts/mutants.py --list

A mutant that every test survives, or whose patch no longer fits the source, makes the exit code 1.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("src", "tests", "pages", "app.py", "pyproject.toml", ".streamlit", "scripts")
LONGEST_SECONDS = 120
GREEN, RED = 0, 1


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault: ``old`` stands exactly once in ``file`` and is replaced by ``new``; one of ``tests`` must turn red."""

    name: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    def apply(self, tree: Path) -> str:
        """Writes the fault into the tree; returns the file as it was. Raises ValueError if the patch fits no more."""
        path = tree / self.file
        sound = path.read_text(encoding="utf-8")
        found = sound.count(self.old)
        if found != 1:
            raise ValueError(f"`old` stands {found} times in {self.file}; write the patch anew")
        path.write_text(sound.replace(self.old, self.new), encoding="utf-8")
        return sound


def read_mutants(folder: Path) -> list[Mutant]:
    """All mutants of the folder's TOML files, in their order."""
    return [
        Mutant(row["name"], row["file"], row["old"], row["new"], tuple(row["tests"]))
        for file in sorted(folder.glob("*.toml"))
        for row in tomllib.loads(file.read_text(encoding="utf-8"))["mutant"]
    ]


def copy_tree(target: Path) -> None:
    """Copies what the tests need; nothing of the real tree is ever touched."""
    ignored = shutil.ignore_patterns("__pycache__", ".hypothesis", "*.db")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=ignored)
        elif source.exists():
            shutil.copy2(source, target / name)


def run_tests(tree: Path, tests: tuple[str, ...], longest_seconds: int) -> tuple[int, str]:
    """Runs the tests on the copy's sources up to the first that fails; pytest's exit code and last words."""
    environment = os.environ | {
        "PYTHONPATH": str(tree / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_PROFILE": "quick",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        f"--timeout={longest_seconds}",
        *tests,
    ]
    try:
        done = subprocess.run(
            command, cwd=tree, env=environment, capture_output=True, text=True, timeout=5 * longest_seconds, check=False
        )
    except subprocess.TimeoutExpired:
        return RED, "it ran for ever"
    lines = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return done.returncode, (lines or done.stdout.splitlines() or [done.stderr])[-1]


def try_mutant(mutant: Mutant, tree: Path) -> str:
    """Empty when a test turned red, else what is wrong."""
    try:
        sound = mutant.apply(tree)
    except ValueError as misfit:
        return str(misfit)
    try:
        code, words = run_tests(tree, mutant.tests, LONGEST_SECONDS)
    finally:
        (tree / mutant.file).write_text(sound, encoding="utf-8")
    if code == RED:
        print(f"  red    {mutant.name}: {words[:110]}", flush=True)
        return ""
    return "SURVIVED" if code == GREEN else f"the tests could not run (pytest said {code}): {words}"


def main() -> int:
    """Tries the mutants asked for and reports those that survive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], help="mutants whose name contains this; may be repeated")
    parser.add_argument("--list", action="store_true", help="name them and stop")
    asked = parser.parse_args()
    known = read_mutants(ROOT / "tests" / "mutants")
    mutants = [mutant for mutant in known if not asked.only or any(word in mutant.name for word in asked.only)]
    if asked.list:
        print("\n".join(f"{mutant.name}  ({mutant.file})" for mutant in mutants))
        return 0
    began, wrong = time.monotonic(), 0
    with tempfile.TemporaryDirectory(prefix="creditbook-mutants-") as folder:
        tree = Path(folder)
        copy_tree(tree)
        asked_for = tuple(dict.fromkeys(test for mutant in mutants for test in mutant.tests))
        code, words = run_tests(tree, asked_for, LONGEST_SECONDS * len(mutants))
        if code != GREEN:
            print(f"The tests are not green without any mutant: {words}")
            return 1
        for mutant in mutants:
            trouble = try_mutant(mutant, tree)
            if trouble:
                wrong += 1
                print(f"  WRONG  {mutant.name}: {trouble}", flush=True)
    print(f"{len(mutants) - wrong} of {len(mutants)} mutants turned a test red in {time.monotonic() - began:.0f} s.")
    return 1 if wrong or not mutants else 0


if __name__ == "__main__":
    sys.exit(main())
