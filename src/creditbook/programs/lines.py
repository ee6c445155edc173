"""On which line of a TOML text a field stands.

`tomllib` checks the grammar and gives its own line for what breaks it, but its values remember no lines. This scan
reads only headers and the keys at the start of a line, which is how a program is written; what it can't find (a key
inside an inline table) is told by the line of the nearest table or field around it (docs/decisions tells why).
"""

from __future__ import annotations

import re

from .reading import Path

_HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]#]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"\s*([A-Za-z0-9_\-.\"' ]+?)\s*=")
_QUOTES = ('"""', "'''")


def line_of(text: str, path: Path) -> int | None:
    """The line, counted from 1, of the field that a path leads to, or of the nearest thing around it."""
    found = _lines(text)
    for depth in range(len(path), 0, -1):
        if path[:depth] in found:
            return found[path[:depth]]
    return None


def _lines(text: str) -> dict[Path, int]:
    lines: dict[Path, int] = {}
    table: Path = ()
    counts: dict[Path, int] = {}
    inside = ""  # the quotes of a text over several lines that has not ended
    for number, line in enumerate(text.splitlines(), start=1):
        if inside:
            inside = "" if inside in line else inside
            continue
        if header := _HEADER.match(line):
            table = _at(_keys(header[2]), counts)
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, counts[table])
            lines[table] = number
        elif key := _KEY.match(line):
            lines.setdefault((*table, *_keys(key[1])), number)
            inside = next((mark for mark in _QUOTES if line.count(mark) == 1), "")
    return lines


def _keys(dotted: str) -> Path:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _at(keys: Path, counts: dict[Path, int]) -> Path:
    """The keys of a header with the number of the last list element put after every list on the way."""
    path: Path = ()
    for place, key in enumerate(keys):
        path = (*path, key)
        if path in counts and place < len(keys) - 1:
            path = (*path, counts[path])
    return path
