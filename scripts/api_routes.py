"""Every route of the API with the scope that it needs, as docs/api-routes.md. `make api-examples` runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from creditbook.api import api

PAGE = Path(__file__).resolve().parents[1] / "docs" / "api-routes.md"
HEAD = """# Every route

Written by `make api-examples` from the OpenAPI document, which the server itself tells at `/api/openapi.json` and
shows at `/api/docs`: with every field, an example of each body and answer, and all refusals.

A key with `spend` may read, one with `admin` may do both; — is open to everybody. `?account=` (or `account` in a body)
names the account by its user name; without one it is the key's own account, else the organization's pool.
"""


def page(document: dict[str, Any]) -> str:
    """The whole page."""
    parts = [HEAD]
    for tag in document["tags"]:
        rows = [
            f"| `{method.upper()} /api{path}` | {route.get('x-scope', '—')} | {route['summary']} |"
            for path, routes in document["paths"].items()
            for method, route in routes.items()
            if tag["name"] in route["tags"]
        ]
        parts.append(f"## {tag['name'].capitalize()}\n{tag['description']}\n\n| route | scope | does |\n|---|---|---|\n"
                     + "\n".join(rows) + "\n")  # fmt: skip
    return "\n".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(api.openapi()), encoding="utf-8")
    print(f"docs/{PAGE.name}: {len(api.openapi()['paths'])} addresses")
