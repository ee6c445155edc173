"""Where the site (app.py, pages/, .streamlit/) is: beside the sources in a checkout, inside the package in a wheel."""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
_PACKAGED = PACKAGE / "_site"
SITE = _PACKAGED if _PACKAGED.is_dir() else PACKAGE.parents[1]
ENTRY = SITE / "app.py"
PAGES = SITE / "pages"
DASHBOARD = PACKAGE / "ui" / "dashboard.py"
