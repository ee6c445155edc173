"""Bodies that other people's programs send: bounded, unpacked, and refused by the status that says what is wrong."""

from __future__ import annotations

import zlib
from http import HTTPStatus

from fastapi import HTTPException, Request

from creditbook.api.bounds import LARGEST_BODY_BYTES

_WINDOW = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
_TOO_LARGE = f"A body has at most {LARGEST_BODY_BYTES // 1024**2} MB once unpacked. Send it in smaller batches."


async def unpacked(request: Request) -> bytes:
    """The body, out of gzip or deflate where it came so. Raises a 413, 415 or 400."""
    packing = request.headers.get("content-encoding", "identity").strip().lower() or "identity"
    if packing not in {"identity", *_WINDOW}:
        raise HTTPException(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Send the body as it is, in gzip or in deflate.")
    body = await request.body()
    return body if packing == "identity" else _out_of(body, packing)


def too_large(detail: str) -> HTTPException:
    """The refusal of a body beyond a bound."""
    return HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def unreadable(detail: str) -> HTTPException:
    """The refusal of a body in which nothing can be read."""
    return HTTPException(HTTPStatus.BAD_REQUEST, detail)


def media_type(request: Request) -> str:
    """What the body says that it is, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def _out_of(body: bytes, packing: str) -> bytes:
    reader = zlib.decompressobj(_WINDOW[packing])
    try:
        found = reader.decompress(body, LARGEST_BODY_BYTES + 1)
    except zlib.error:
        raise unreadable(f"The body is no {packing}.") from None
    if len(found) > LARGEST_BODY_BYTES or reader.unconsumed_tail:
        raise too_large(_TOO_LARGE)
    if not reader.eof:
        raise unreadable(f"The body ends in the middle of its {packing}.")
    return found
