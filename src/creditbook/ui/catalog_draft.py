"""The draft of a new version: what an administrator has changed so far, kept in her session until it is in force.

A draft is a document and may make no sense yet. Tables are edited on the draft as it was when they were opened
(`seed`): fed with its own answer, a data editor would make every change twice.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import streamlit as st

from creditbook.domain.program import Program
from creditbook.programs import program_to_document
from creditbook.programs.editing import Change, Document, brought_over, changes, misfit_in, program_in, readable
from creditbook.programs.reading import Misfit
from creditbook.reports.catalog import Catalog

_SLOT = "catalog-draft"


@dataclass
class Draft:
    """``version`` and ``base`` are what was in force when it was begun; ``turn`` counts what changed it as a whole.

    ``text`` is TOML that was typed and not taken over yet; ``conflicts`` are the fields that somebody else changed too.
    """

    version: int
    base: Document
    document: Document
    seed: Document
    turn: int = 0
    text: str | None = None
    conflicts: tuple[Change, ...] = ()

    @property
    def changed(self) -> list[Change]:
        """What differs from the version that it was begun on."""
        return changes(self.base, self.document)

    @property
    def misfit(self) -> Misfit | None:
        """Why it can't come into force, None when it can."""
        return misfit_in(self.document)

    def shown(self, otherwise: Program) -> Program:
        """The draft to look at, even while it makes no sense as a whole."""
        return readable(self.document) or otherwise

    @property
    def program(self) -> Program:
        """What would come into force. Raises `Misfit`."""
        return program_in(self.document)

    def take(self, document: Document) -> None:
        """Go on with another document: every editor begins again from it."""
        self.document, self.seed, self.turn, self.text = document, deepcopy(document), self.turn + 1, None

    def settle(self) -> None:
        """Let editors begin again from what stands now; text that was typed stays."""
        typed = self.text
        self.take(self.document)
        self.text = typed


def draft() -> Draft | None:
    """The draft under way, None while nothing is edited."""
    found = st.session_state.get(_SLOT)
    return found if isinstance(found, Draft) else None


def begin(found: Catalog) -> Draft:
    """The draft under way, or a new one on the version in force."""
    there = draft()
    if there is None:
        document = program_to_document(found.program)
        there = Draft(found.version, document, deepcopy(document), deepcopy(document))
        st.session_state[_SLOT] = there
    return there


def settle() -> None:
    """As a widget's callback, when editors come or go."""
    if (there := draft()) is not None:
        there.settle()


def discard() -> None:
    """Forget the draft."""
    st.session_state.pop(_SLOT, None)


def bring_over(there: Draft, found: Catalog) -> None:
    """Make the same changes to the version in force now; where both changed a field, the draft's stands and is told."""
    theirs = program_to_document(found.program)
    merged, conflicts = brought_over(there.base, there.document, theirs)
    there.version, there.base, there.conflicts = found.version, theirs, tuple(conflicts)
    there.take(merged)
