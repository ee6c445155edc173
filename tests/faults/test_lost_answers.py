"""A line that loses requests and answers, programs that all try at once: each effect happens exactly once.

Ten thousand lost answers on each database are `make faults-api`; here are as many as show every kind of work.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from itertools import cycle

from faults.insisting import Expected, Program, Stood, a_site, storm
from support.cutting import cutting

LOSSES = ("after", "through", "middle", "before", "after")
"""Of five requests one gets through and is heard of; three are done and nobody hears of it; one is not done."""


def test_what_is_lost_before_after_or_amid_the_answer_happens_once(
    database_url: str, installed_at: Callable[[str], None]
) -> None:
    installed_at(database_url)
    with a_site(database_url) as site:
        before = Stood.at(site)
        with cutting(site.url, cycle(LOSSES)) as line:
            expected, lost = storm(site, line.url, range(24))
        assert not expected.differs(site, before)
        # On a busy machine an answer that got through may come after its sender gave up: one more that was lost.
        assert lost >= line.did.total() - line.did["through"] > 60
        assert min(line.did[cut] for cut in LOSSES) > 10


def test_a_storm_of_threads_with_the_same_keys_gets_one_answer_for_each(
    database_url: str, installed_at: Callable[[str], None]
) -> None:
    installed_at(database_url)
    with a_site(database_url) as site:
        before, told, noting = Stood.at(site), [], threading.Lock()
        start = threading.Barrier(12)

        def hammer() -> None:
            program = Program(site.url, site.key, Expected(), noting)
            start.wait()
            for number in range(3):
                body = {"account": "user0", "action": "work", "tokens": 10}
                answer = program.insist("/v1/usage", body, f"the same {number}")
                with noting:
                    told.append((number, answer["transaction_id"], answer["replayed"]))
            program.hang_up()

        threads = [threading.Thread(target=hammer) for _ in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == 36
        assert len({(number, transaction) for number, transaction, _ in told}) == 3
        assert Counter(number for number, _, replayed in told if not replayed) == Counter(range(3))
        expected = Expected()
        expected.add("user0", -30, *["usage"] * 3)
        assert not expected.differs(site, before)


def test_a_charge_that_came_twice_would_be_noticed(sqlite_url: str, installed_at: Callable[[str], None]) -> None:
    installed_at(sqlite_url)
    with a_site(sqlite_url) as site:
        before = Stood.at(site)
        expected, _ = storm(site, site.url, range(8), threads=2)
        assert not expected.differs(site, before)
        site.ledger.spend("acme/user0", action="work", tokens=7, idempotency_key="another")
        assert json.dumps(expected.differs(site, before)).count("instead of") == 2
