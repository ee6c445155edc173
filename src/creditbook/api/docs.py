"""The interactive pages about the API: Swagger UI from this very server, so that they work without the internet."""

from __future__ import annotations

from importlib.resources import files
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse, JSONResponse, Response

router = APIRouter(include_in_schema=False)

KINDS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css", "favicon.png": "image/png"}
FileName = Literal["swagger-ui-bundle.js", "swagger-ui.css", "favicon.png"]


@router.get("/openapi.json")
def document(request: Request) -> JSONResponse:
    """In a thread: making it the first time takes a second or two, in which the event loop serves others."""
    root = request.scope.get("root_path", "")
    return JSONResponse({**request.app.openapi(), "servers": [{"url": root or "/"}]})


@router.get("/docs")
async def page(request: Request) -> HTMLResponse:
    """Every route, to be read and tried with a key of one's own."""
    root = request.scope.get("root_path", "")
    return get_swagger_ui_html(
        openapi_url=f"{root}/openapi.json", title="Creditbook: the API", oauth2_redirect_url=None,
        swagger_js_url=f"{root}/docs/swagger-ui-bundle.js", swagger_css_url=f"{root}/docs/swagger-ui.css",
        swagger_favicon_url=f"{root}/docs/favicon.png",
        swagger_ui_parameters={"docExpansion": "none", "persistAuthorization": False, "tryItOutEnabled": True},
    )  # fmt: skip


@router.get("/docs/{name}")
def file(name: Annotated[FileName, Path()]) -> Response:
    """One of the page's own files."""
    content = files("fastapi_offline").joinpath("static", name).read_bytes()
    return Response(content, media_type=KINDS[name], headers={"Cache-Control": "public, max-age=86400"})
