"""Are the books whole, row by row?"""

import streamlit as st

from creditbook.installation import installation
from creditbook.ui import integrity, page
from creditbook.ui.session import require

who = require("admin", "finance")
place = installation()
page.header("Integrity", "Are the books whole, row by row?")
done = integrity.proved(place.store, who, place.clock)
if done is None:
    integrity.waiting()
    st.stop()
integrity.verdict(done, who, place.clock(), place.settings.signing_key_file)
integrity.figures(done)
integrity.invariants(done)
integrity.classes(done)
