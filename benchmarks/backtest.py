"""`make backtest`: the forecast against what came, beside "same as the last seven days"; see docs/forecasting.md.

The method's constants were chosen on one part (half of the clients; Aider before March 2025) and are reported on the
other, which the choice never saw.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from pathlib import Path

from creditbook.reports.finance.backtesting import Error, Score, backtest, score

from . import traces

LATE = 120
"""Aider's origins of the last 120 days are reported, those before chose."""


def parts(series: traces.Series) -> dict[tuple[str, str], Score | None]:
    """The score of every series, ``chosen on`` and ``held out``."""
    found = {}
    for kind, accounts in series.items():
        for part in ("chosen on", "held out"):
            found[kind, part] = score(_errors(kind, accounts, part))
    return found


def _errors(kind: str, accounts: dict[str, list[int]], part: str) -> list[Error | None]:
    if kind.startswith("aider"):
        days = list(accounts.values())
        if part == "held out":
            return backtest(days, first=28, last=LATE)
        # An origin may look a week ahead: none of what it is measured by lies in the part held out.
        return backtest([one[:-LATE] for one in days], first=28)
    half = 0 if part == "chosen on" else 1
    return backtest([days for name, days in accounts.items() if zlib.crc32(name.encode()) % 2 == half])


def table(found: dict[tuple[str, str], Score | None]) -> str:
    """The scores as a Markdown table: WAPE, ours beside the naive one's."""
    lines = [
        "| trace | part | accounts | origins | day by day | naive | better on | by week | naive | bias | in the band |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (kind, part), one in found.items():
        if one is not None:
            e = one.error
            lines.append(
                f"| {kind} | {part} | {one.accounts} | {e.origins:,} | {e.by_day:.3f} | {e.naive_by_day:.3f} "
                f"| {one.better} of {one.accounts} | {e.by_week:.3f} | {e.naive_by_week:.3f} "
                f"| {e.bias:+.0%} | {e.within:.0%} |"
            )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Print the table. Ends with 1 where the naive forecast is less far off day by day on what was held out."""
    parser = argparse.ArgumentParser(prog="make backtest ARGS=…", description=__doc__)
    parser.add_argument("--traces", type=Path, default=traces.KEPT, help="series,account,day,tokens (CSV, gzipped)")
    given = parser.parse_args(arguments)
    found = parts(traces.kept(given.traces))
    print(table(found))
    held = [one for (_, part), one in found.items() if part == "held out" and one is not None]
    return 0 if all(one.error.by_day < one.error.naive_by_day for one in held) else 1


if __name__ == "__main__":
    sys.exit(main())
