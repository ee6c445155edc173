"""What is said of a budget, and the service that keeps them."""

from __future__ import annotations

from creditbook.access.values import Principal
from creditbook.alerts.budgets import Budgets
from creditbook.domain import budgets as rules
from creditbook.domain.budgets import Standing, Verdict
from creditbook.installation import installation
from creditbook.ui.format import plural

from .margin_amounts import amount


def service(who: Principal) -> Budgets:
    """The budgets of the signed-in person's organization."""
    place = installation()
    return Budgets(place.store, who, place.settings, place.clock)


def outlook(standing: Standing, currency: str) -> str:
    """What is left, and where the month will end by the method that `domain.budgets` tells."""
    left = amount(abs(standing.left_nanos), currency)
    if standing.verdict is Verdict.KEPT:
        return f"{left} were left."
    gone = f" on {standing.gone_on:%a} {standing.gone_on.day} {standing.gone_on:%b}" if standing.gone_on else ""
    ends = "" if standing.projected_nanos is None else amount(standing.projected_nanos, currency)
    if standing.verdict is Verdict.OVER:
        more = f"; the month heads for {ends}" if ends and standing.ahead else ""
        return f"Used up{gone}, {left} over{more}."
    if standing.verdict is Verdict.TOO_EARLY:
        return f"{left} left. After {plural(rules.FEWEST_DAYS, 'whole day')} of use it shows whether this will hold."
    if standing.verdict is Verdict.BREAKS:
        return f"{left} left; it will be used up{gone}, and the month heads for {ends}."
    return f"{left} left; the month heads for {ends}."
