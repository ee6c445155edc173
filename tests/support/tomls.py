"""A small program as TOML, offers to put behind it, and what the loader says of a text that makes no sense."""

from __future__ import annotations

import pytest

from creditbook.domain.errors import InvalidRequest
from creditbook.programs import program_from_toml

SMALL = """\
name = "small"
title = "Small"
zone = "Europe/Berlin"
currency = "EUR"
default_plan = "free"

[plans.free]  # everybody's
title = "Free"
rank = 0
grant_class = "free"

[[plans.free.allowances]]
wallet = "STANDARD"
tokens = 5
every = "day"

[[plans.free.allowances]]
wallet = "MONTHLY"
tokens = 100
every = "calendar_month"
features = ["goal"]
rollover = "50%"

[plans.paid]
title = "Paid"
rank = 1
grant_class = "plan"
features = ["goal", "chat"]

[actions.goal]
pricing = "fixed"
tokens = 3

[actions.chat]
pricing = "actual"
estimate = 20
"""


OFFERS = """\

[packages.big]
title = "Big"
tokens = 100
price_minor = 999
features = ["goal"]
popular = true

[packages.small]
title = "Small"
tokens = 10
price_minor = 199

[tax]
label = "VAT"
rate = "19%"
inclusive = false

[promo_codes.SPRING]
tokens = 50
valid_from = 2026-03-01
valid_through = 2026-05-31
total_limit = 100
plans = ["free"]

[referral]
referrer_tokens = 3
friend_tokens = 2
action = "goal"

[rewards.review]
title = "Wrote a review"
tokens = 4
once = "month"
"""


def complaint(text: str) -> str:
    """The refusal of a text that makes no sense, as people read it."""
    with pytest.raises(InvalidRequest) as caught:
        program_from_toml(text, "small.toml")
    return str(caught.value)
