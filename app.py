"""The one entry: dashboard, API and sign-in in one process; under `creditbook serve`, `streamlit run` or uvicorn."""

import streamlit as st
from starlette.middleware import Middleware
from starlette.routing import Mount

from creditbook.api import api
from creditbook.api.headers import First, SecurityHeaders
from creditbook.api.lifespan import lifespan
from creditbook.api.session import BrowserCookie, session
from creditbook.scheduler import running
from creditbook.settings import Settings
from creditbook.site import DASHBOARD

app = st.App(
    DASHBOARD,
    routes=[Mount("/session", app=session)],
    middleware=[
        Middleware(SecurityHeaders, behind_tls=Settings.from_environment().cookie_secure),
        Middleware(First, path="/api", by=api),
        Middleware(BrowserCookie),
    ],
    lifespan=lifespan(running),
)
