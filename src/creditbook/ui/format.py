"""Numbers, money and time as people read them. Pure functions: no Streamlit, no clock of their own."""

import re
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from creditbook.domain import units
from creditbook.exports.amounts import inr, usd

__all__ = [
    "DASH", "MINUS", "countdown", "day", "dollars_in_markdown", "esc", "full", "inr", "instant",
    "percent", "plural", "short", "signed", "tone", "usd", "when", "zone_mark",
]  # fmt: skip

MINUS = units.MINUS
DASH = "–"
"""What stands where a number is not known. Never 0."""

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~$:&])")
_STEPS = ((10**12, "T"), (10**9, "B"), (10**6, "M"), (10**3, "K"))


def esc(text: str) -> str:
    """User text, safe inside Streamlit markdown (labels, tables, badges); line breaks become spaces."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))


def full(n: int) -> str:
    """Every digit: ``75,569``, ``−4,285``."""
    return f"{n:,}".replace("-", MINUS)


def signed(n: int) -> str:
    """A change: gains carry ``+``, losses ``−``, zero neither."""
    return ("+" if n > 0 else "") + full(n)


def short(n: float) -> str:
    """Three digits and a letter, for chips, axes and KPIs: ``75.6K``. The full number stands in the hover."""
    size = round(abs(n))
    sign = MINUS if n < 0 and size else ""
    for by, letter in _STEPS:
        if size / by >= 0.9995:
            value = size / by
            return sign + (f"{value:,.0f}" if value >= 999.5 else f"{value:.3g}") + letter
    return f"{sign}{size}"


def plural(n: int, one: str, many: str = "") -> str:
    """``1 token``, ``2 tokens``, ``0 people``."""
    return f"{full(n)} {one if n == 1 else many or one + 's'}"


def percent(part: float, whole: float) -> str:
    """A share as people say it: ``62%``, ``<1%``, ``–`` of nothing."""
    if not whole:
        return DASH
    share = 100 * part / whole
    return "<1%" if 0 < share < 0.5 else f"{share:.0f}%"


def dollars_in_markdown(text: str) -> str:
    """The same text with its dollar signs kept from becoming mathematics."""
    return text.replace("$", "\\$")


def day(at: datetime) -> str:
    """``Sat 1 Nov``."""
    return f"{at:%a} {at.day} {at:%b}"


def instant(at: datetime, zone: ZoneInfo, *, now: datetime | None = None) -> str:
    """``Sat 1 Nov, 00:00`` in the zone; the year is told when it is not the year of ``now``."""
    local = at.astimezone(zone)
    year = f" {local.year}" if now is not None and local.year != now.astimezone(zone).year else ""
    return f"{day(local)}{year}, {local:%H:%M}"


def zone_mark(zone: ZoneInfo, at: datetime) -> str:
    """A short name of the zone for column headers: ``IST``, ``UTC+7`` where it has no letters."""
    name = at.astimezone(zone).tzname() or "UTC"
    if name.isalpha():
        return name
    offset = at.astimezone(zone).utcoffset() or timedelta()
    hours, minutes = divmod(abs(int(offset.total_seconds())) // 60, 60)
    return f"UTC{MINUS if offset < timedelta() else '+'}{hours}" + (f":{minutes:02}" if minutes else "")


def when(at: datetime, now: datetime, zone: ZoneInfo) -> str:
    """How long ago today, ``Yesterday, 21:19``, then the day and the time."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date() and at <= now:
        hours, minutes = divmod(int((now - at).total_seconds()) // 60, 60)
        if hours:
            return f"{hours} h {minutes} min ago"
        return f"{minutes} min ago" if minutes else "just now"
    if (today.date() - local.date()).days == 1:
        return f"Yesterday, {local:%H:%M}"
    return instant(at, zone, now=now)


def countdown(until: datetime, now: datetime) -> str:
    """``in 4 h 18 min``, ``in 1 day 4 h``, ``in 12 days``; ``now`` when it has come."""
    seconds = int((until - now).total_seconds())
    if seconds <= 0:
        return "now"
    days, rest = divmod(seconds, 86_400)
    hours, minutes = rest // 3_600, rest % 3_600 // 60
    if days >= 3:
        return f"in {days} days"
    if days:
        return f"in {plural(days, 'day')}" + (f" {hours} h" if hours else "")
    if hours:
        return f"in {hours} h {minutes} min"
    return f"in {minutes} min" if minutes else "in less than a minute"


def tone(left: int, of: int) -> Literal["ok", "low", "out"]:
    """What the colour of a bar means: more than a quarter left, less, less than a tenth."""
    if left * 4 > of:
        return "ok"
    return "low" if left * 10 >= of and left else "out"
