"""Pages run by Streamlit's own test runner on the dashboard script, over a real ledger in a real database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest
from support.ledgers import PROGRAM, MovedClock

from creditbook import Ledger
from creditbook.access import Principal
from creditbook.installation import Installation, close_installations, installation
from creditbook.site import DASHBOARD, PAGES
from creditbook.ui.session import TEST_USER

ORG = "acme"


@dataclass
class Visit:
    """An organization with a ledger under a clock that tests move, and who looks at it."""

    place: Installation
    clock: MovedClock

    @property
    def ledger(self) -> Ledger:
        """The installation's own ledger: what pages read."""
        return self.place.ledger

    def principal(self, name: str, role: str = "user", *, account: bool = True) -> Principal:
        """Somebody who is signed in; with an account of the same name."""
        org = self.ledger.core.organization(ORG)
        ref = self.ledger.core.account(f"{ORG}/{name}") if account else None
        return Principal(
            person_id=1,
            user_name=name,
            name=name.title(),
            role=role,  # type: ignore[arg-type]
            org_id=org.org_id,
            org_slug=ORG,
            org_name=org.name,
            zone=org.zone,
            account_id=ref.account_id if ref else None,
            account_name=name if ref else None,
        )

    def open(self, page: str, who: Principal, **query: str) -> AppTest:
        """The page as this person sees it; `page` is its path under pages/."""
        at = AppTest.from_file(str(DASHBOARD), default_timeout=30)
        at.session_state[TEST_USER] = who
        for name, value in query.items():
            at.query_params[name.rstrip("_")] = value
        at.run()
        return at.switch_page(str(PAGES / page)).run()


@pytest.fixture
def visit(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visit]:
    monkeypatch.setenv("CREDITBOOK_DATABASE_URL", sqlite_url)
    place, clock = installation(), MovedClock()
    place.clock = clock
    place.ledger.create_organization(ORG, replace(PROGRAM, ready_action="work", ready_tokens=100))
    yield Visit(place, clock)
    close_installations()


@pytest.fixture
def spent(visit: Visit) -> Visit:
    """Asha with a month behind her: 40 pieces of work by two agents, a refund, a gift with a name like a formula."""
    visit.ledger.open_account(f"{ORG}/asha", plan="monthly")
    visit.ledger.grant(f"{ORG}/asha", 50_000, reason="=Prize, of the *hackathon*", actor="nisha", label="Prize")
    for n in range(40):
        visit.clock.forward(hours=12)
        done = visit.ledger.spend(
            f"{ORG}/asha",
            action="work",
            tokens=100 + n,
            agent="srs" if n % 3 else "code",
            model="gpt-5",
            project="=Crop, price" if n % 2 else "Bus pass",
            input_tokens=60,
            output_tokens=40 + n,
        )
    visit.ledger.refund(f"{ORG}/asha", done.transaction_id, reason="It failed")
    visit.clock.forward(hours=1)
    return visit


@pytest.fixture
def text() -> Callable[[AppTest], str]:
    """Everything that a page says, in one string."""

    def said(at: AppTest) -> str:
        parts = [*at.title, *at.header, *at.markdown, *at.error, *at.warning, *at.info, *at.metric]
        return "\n".join(f"{getattr(p, 'label', '')} {p.value}" for p in parts)

    return said


A_DAY = timedelta(days=1)
