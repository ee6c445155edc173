"""How long the state machines run: a small profile in the suite, thousands of steps with HYPOTHESIS_PROFILE=soak."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "")
SOAK = PROFILE == "soak"
# "quick" shows the first difference as it was met, without looking for a smaller one.
PHASES = (Phase.generate,) if PROFILE == "quick" else tuple(Phase)


def profile(examples: int, steps: int) -> settings:
    """So many runs of so many steps; ten times the runs and twice the steps in a soak."""
    return settings(
        max_examples=examples * (10 if SOAK else 1),
        stateful_step_count=steps * (2 if SOAK else 1),
        deadline=None,
        print_blob=True,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )


RULES = profile(25, 40)
DATABASE = profile(12, 30)
