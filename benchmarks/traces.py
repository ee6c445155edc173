"""Real usage by account and day, as the forecast's backtest wants it; and how the kept file is made of the raw traces.

`python -m benchmarks.traces AIDER.jsonl SERVEGEN.csv.gz` writes `traces.csv.gz` anew: series, account, day, tokens.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

KEPT = Path(__file__).with_name("traces.csv.gz")
ACTIVE_DAYS = 14
"""An account that used something on fewer days has no past to judge a forecast by."""

Series = dict[str, dict[str, list[int]]]
"""Per kind of series and account: tokens by day, equally many days for all of a kind, up to the trace's last one."""

Row = tuple[str, str, int, int]


def of_aider(file: Path) -> Iterator[Row]:
    """One developer's ten months (the others have two days at most), whole and cut by model and by edit format."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            what = event["properties"]
            tokens = int(what.get("prompt_tokens") or 0) + int(what.get("completion_tokens") or 0)
            day = datetime.fromtimestamp(event["time"], UTC).date().toordinal()
            who = str(event["user_id"])
            yield "aider person", who, day, tokens
            yield "aider model", f"{who} {what.get('main_model')}", day, tokens
            yield "aider format", f"{who} {what.get('edit_format')}", day, tokens


def of_servegen(file: Path) -> Iterator[Row]:
    """332 clients of a service, in a clock that runs seven and twenty-four times as fast: the trace is a week long."""
    begins = datetime(2026, 3, 2, tzinfo=UTC)
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            since = (datetime.fromisoformat(row["timestamp"]) - begins).total_seconds()
            tokens = int(row["input_tokens"]) + int(row["output_tokens"])
            for a_day in (7, 24):
                yield f"servegen {a_day} days a day", row["client"], int(since * a_day // 86_400), tokens


def keep(rows: Iterable[Row], file: Path = KEPT) -> None:
    """Add up per day and write down, of accounts with enough active days."""
    used: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for kind, account, day, tokens in rows:
        used[kind, account][day] += tokens
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator="\n")
    out.writerow(("series", "account", "day", "tokens"))
    for (kind, account), days in sorted(used.items()):
        active = {day: tokens for day, tokens in days.items() if tokens}
        if len(active) >= ACTIVE_DAYS:
            out.writerows((kind, account, day, tokens) for day, tokens in sorted(active.items()))
    file.write_bytes(gzip.compress(text.getvalue().encode(), mtime=0))


def kept(file: Path = KEPT) -> Series:
    """The series of the kept file."""
    found: dict[str, dict[str, dict[int, int]]] = defaultdict(lambda: defaultdict(dict))
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found[row["series"]][row["account"]][int(row["day"])] = int(row["tokens"])
    return {kind: _filled(kind, accounts) for kind, accounts in found.items()}


def _filled(kind: str, accounts: dict[str, dict[int, int]]) -> dict[str, list[int]]:
    first = min(min(days) for days in accounts.values())
    # Traces end for all at once: the day after Aider's last, seven real days of ServeGen's.
    end = date(2025, 7, 1).toordinal() if kind.startswith("aider") else 7 * int(kind.split()[1])
    return {name: [days.get(day, 0) for day in range(first, end)] for name, days in sorted(accounts.items())}


def main(arguments: list[str]) -> None:
    """Make the kept file anew."""
    aider, servegen = map(Path, arguments)
    keep((*of_aider(aider), *of_servegen(servegen)))
    print(f"{KEPT}: {KEPT.stat().st_size:,} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
