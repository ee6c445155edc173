"""The embedded scheduler, drawn: when it last ran, on which process, and whether it is silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.reports.resets import Health

from .format import esc, plural, when
from .page import card, head, muted


def scheduler(found: Health, every_seconds: int) -> None:
    """When the embedded scheduler last ran, on which process, and whether it is silent."""
    lease, now = found.lease, found.at
    with card("scheduler", height="stretch"):
        head("Scheduler", "Settles what is due on one process at a time, however many run")
        last = lease.last_finished_at if lease is not None else None
        silent = every_seconds and (last is None or now - last > timedelta(seconds=3 * every_seconds + 60))
        if not every_seconds:
            st.badge("Off on this server", icon=":material/pause_circle:", color="gray")
            muted("`CREDITBOOK_SWEEP_SECONDS` is 0, so `creditbook sweep` has to run from cron.")
        elif silent:
            st.badge("Silent", icon=":material/error:", color="orange")
            muted(f"It should run every {plural(every_seconds, 'second')}. Look into the server's log.")
        else:
            st.badge("Running", icon=":material/check_circle:", color="green")
        if lease is None or last is None:
            muted("It has not finished a run on this database yet.")
            return
        host, _, process = lease.holder.rpartition("/")
        muted(f"Last run **{_ago(now, last)}** on **{esc(host or lease.holder)}**, process {esc(process)}")
        if every_seconds:
            muted(f"Every {plural(every_seconds, 'second')}. Killed in the middle, the next run finishes.")


def _ago(now: datetime, at: datetime) -> str:
    seconds = int((now - at).total_seconds())
    return f"{max(0, seconds)} s ago" if seconds < 120 else when(at, now, ZoneInfo("UTC"))
