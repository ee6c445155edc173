"""What do we sell and charge, and what would an edit change?"""

from zoneinfo import ZoneInfo

import streamlit as st

from creditbook.installation import installation
from creditbook.reports import catalog as report
from creditbook.ui import (
    catalog,
    catalog_changes,
    catalog_draft,
    catalog_plan,
    catalog_tables,
    catalog_text,
    catalog_versions,
    confirm,
    page,
)
from creditbook.ui.reading import Unread, not_read, read
from creditbook.ui.session import require

who = require("admin")
place, zone = installation(), ZoneInfo(who.org_zone or who.zone)
store, now = place.store, place.clock()
page.header("Catalog", "What do we sell and charge, and what would an edit change?")
found = read(lambda: report.catalog_of(store, who))
if isinstance(found, Unread):
    not_read("The catalog", found)
    st.stop()

if (done := confirm.result("catalog")) is not None and catalog_changes.result(done):
    catalog_changes.ask_again(done.before, found, who, now, zone)
draft = catalog_draft.draft()
with page.row(horizontal_alignment="distribute"):
    section = st.segmented_control("Show", list(catalog.SECTIONS), default="Plans", required=True, key="show",
                                   bind="query-params", on_change=catalog_draft.settle,
                                   label_visibility="collapsed", width="content")  # fmt: skip
    with page.row(width="content"):
        if draft is None:
            page.muted(f"Version {found.version} is in force", width="content")
            if st.button("Edit as a new version", type="primary", icon=":material/edit:", key="begin"):
                draft = catalog_draft.begin(found)
                st.rerun()
        else:
            st.markdown(f":orange-badge[Draft on version {draft.version}]", width="content")
            st.button("Discard", icon=":material/delete:", key="discard", on_click=catalog_draft.discard)
shown = found.program if draft is None else draft.shown(found.program)

slug = catalog_plan.opened(draft) if draft and section == "Plans" else None
if section == "Plans":
    if draft and slug:
        catalog_plan.form(draft, slug)
    else:
        pressed = catalog.plans(shown, found.on_plans)
        if draft:
            catalog_plan.add(draft)
        if pressed:
            catalog_draft.begin(found)
            catalog_plan.show(pressed)
            st.rerun()
elif section == "Packages":
    if draft:
        catalog_tables.packages(draft)
    else:
        catalog.packages(shown)
elif section == "Actions":
    if draft:
        catalog_tables.actions(draft)
    else:
        catalog.actions(shown)
elif section == "Given away":
    catalog.given(shown)
elif section == "Rules":
    catalog.rules(shown)
elif section == "TOML":
    catalog_text.show(shown, draft, found.version)
else:
    catalog_versions.show(found, who, now, zone)
if draft and section in ("Given away", "Rules"):
    page.muted("These are edited as text: choose *TOML* above.")
if draft and not slug and section != "Versions":
    catalog_changes.preview(draft, found, who, now, zone)
