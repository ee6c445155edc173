"""`creditbook init`: the schema, and the way in for the first administrator."""

from __future__ import annotations

from creditbook.access import Access
from creditbook.commands.output import JsonOption, answer
from creditbook.commands.values import where_links_lead
from creditbook.installation import installation


def init(as_json: JsonOption = False) -> None:
    """Create or upgrade the schema. Prints a one-time administrator token while nobody is one."""
    here = installation()
    here.store.upgrade()
    token = Access(here.store, here.clock).setup.new_token()
    sentences = [f"The database is ready ({here.store.dialect})."]
    if token is not None:
        sentences += [
            f"Nobody is an administrator yet. Run `creditbook serve` and open  {here.settings.link(setup=token)}",
            f"or enter this one-time token there:  {token}",
            *where_links_lead(here.settings),
        ]
    answer({"database": here.store.dialect, "setup_token": token}, sentences, as_json=as_json)
