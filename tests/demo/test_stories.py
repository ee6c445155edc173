from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from statistics import median

import pytest

from creditbook.demo.acts import Act, Begin, Drain, Part, SignUp, Story, Use
from creditbook.demo.cast import credits_people, daily_people, studio_people, teams_people, wallets_people
from creditbook.demo.filling import SLUGS, STORIES
from creditbook.demo.rhythm import chance, heavy_tail, poisson, sessions, weights
from creditbook.demo.studio import studio
from creditbook.demo.subscribing import began, subscribed, term_ends
from creditbook.domain.program import Every

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
START = END - timedelta(days=120)
TALES = [pytest.param(tale, id=slug) for slug, tale in zip(SLUGS, STORIES, strict=True)]
CASTS = (daily_people, wallets_people, studio_people, credits_people, teams_people)


@cache
def told(tale: object, seed: int = 1, users: int = 12) -> Story:
    assert callable(tale)
    story = tale(seed, START, END, users)
    assert isinstance(story, Story)
    return story


@pytest.mark.parametrize("tale", TALES)
def test_the_same_seed_tells_the_same_story_and_another_seed_another(tale: object) -> None:
    assert told(tale) == told.__wrapped__(tale)
    assert told(tale).acts != told(tale, seed=2).acts


@pytest.mark.parametrize("tale", TALES)
@pytest.mark.parametrize("users", [10, 12, 40])
def test_acts_are_in_order_of_time_and_every_one_has_a_key_of_its_own(tale: object, users: int) -> None:
    acts = told(tale, users=users).acts
    assert [act.at for act in acts] == sorted(act.at for act in acts)
    assert acts[0].at >= START
    assert acts[-1].at <= END
    assert len({act.key for act in acts}) == len(acts)


@pytest.mark.parametrize("tale", TALES)
def test_nobody_acts_before_she_signed_up(tale: object) -> None:
    joined: set[str] = set()
    for act in told(tale).acts:
        joined |= {act.account} if isinstance(act, SignUp) else set()
        assert act.account in joined


@pytest.mark.parametrize("tale", TALES)
def test_the_last_act_is_the_one_that_tells_that_all_was_played(tale: object) -> None:
    last = told(tale).acts[-1]
    assert isinstance(last, Begin | Part)
    assert last.key.startswith("end")


@pytest.mark.parametrize("people", [cast(users) for cast in CASTS for users in (10, 60)])
def test_there_are_people_of_every_role_with_names_of_their_own(people: tuple[object, ...]) -> None:
    assert {person.role for person in people} == {"user", "admin", "finance"}  # type: ignore[attr-defined]
    assert len({person.user_name for person in people}) == len(people)  # type: ignore[attr-defined]


def test_no_two_organizations_share_a_user_name() -> None:
    names = [person.user_name for cast in CASTS for person in cast(60)]
    assert len(set(names)) == len(names)


def test_every_story_is_called_like_its_organization() -> None:
    assert [told(tale.values[0]).slug for tale in TALES] == ["daily", "wallets", "studio", "credits", "teams"]


def test_a_subscription_is_paid_before_each_of_its_terms_ends() -> None:
    noon = datetime(2026, 1, 31, 12, tzinfo=UTC)
    ends = list(term_ends(Every.ANNIVERSARY_MONTH, noon, "UTC", END))
    assert [end.date().isoformat() for end in ends[:3]] == ["2026-02-28", "2026-03-31", "2026-04-30"]
    first, *renewals = subscribed("asha", "pro", Every.ANNIVERSARY_MONTH, noon, "UTC", END, actor="asha")
    assert (first.kind, first.at) == ("plan", noon)
    assert [one.at < END for one in renewals] == [True] * len(ends)
    assert all(timedelta(0) < end - one.at < timedelta(days=1) for one, end in zip(renewals, ends, strict=True))


@pytest.mark.parametrize("every", [Every.DAYS_30, Every.ANNIVERSARY_MONTH])
@pytest.mark.parametrize("ends_in", [8, -1, -18])
def test_a_plan_began_so_that_its_term_ends_in_so_many_days(every: Every, ends_in: int) -> None:
    at = began(every, "Europe/Berlin", START, END, ends_in=ends_in)
    assert START <= at < START + timedelta(days=32)
    ends = [end.date() for end in term_ends(every, at, "UTC", END + timedelta(days=40))]
    assert END.date() + timedelta(days=ends_in) in ends


def test_usage_has_the_shape_of_the_traces() -> None:
    acts = told(studio, users=20).acts
    work: list[Act] = [act for act in acts if isinstance(act, Use | Part)]
    by_user = Counter(act.account for act in work)
    assert by_user.most_common(1)[0][1] > 0.2 * len(work)  # a hot account
    weekdays = Counter(act.at.weekday() for act in work)
    assert weekdays[5] + weekdays[6] < 0.5 * (weekdays[1] + weekdays[2])
    hours = Counter((act.at + timedelta(hours=5, minutes=30)).hour for act in work)
    assert sum(hours[hour] for hour in range(10, 18)) > 5 * sum(hours[hour] for hour in range(1, 6))
    days = Counter(act.at.date() for act in work).values()
    assert max(days) > 2.5 * median(days)  # bursts


def test_a_heavy_tail_keeps_its_median_and_its_bounds() -> None:
    random = chance("tail")
    drawn = [heavy_tail(random, 1_000, 0.9, 10, 20_000) for _ in range(4_000)]
    assert 900 < median(drawn) < 1_100
    assert max(drawn) > 8 * median(drawn)
    assert all(10 <= one <= 20_000 for one in drawn)


def test_so_many_things_happen_as_do_on_average() -> None:
    random = chance("poisson")
    assert 2.8 < sum(poisson(random, 3.0) for _ in range(4_000)) / 4_000 < 3.2


def test_sessions_keep_to_their_days_and_order() -> None:
    found = list(sessions(chance("s"), START.date(), END.date(), "Asia/Kolkata", 2.0))
    assert found == sorted(found)
    assert len(found) > 120


def test_shares_of_work_add_up_to_all_of_it() -> None:
    assert sum(weights(12, 0.3)) == pytest.approx(1)
    assert weights(1, 0.3) == [1.0]


def test_the_story_holds_what_the_screens_must_show() -> None:
    acts = told(studio).acts
    assert {act.leave for act in acts if isinstance(act, Drain)} >= {0, 640}
    assert any(getattr(act, "what", "") == "freeze" for act in acts)
