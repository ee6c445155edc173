"""Documents that leave the house with a seal: a digest always, an Ed25519 signature where a key is configured.

What is sealed is the document's canonical JSON: sorted keys, no spaces, ASCII. Anybody can check it without us:
recompute that text, hash it with SHA-256, and verify the signature over the same bytes with the public key.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from creditbook.domain.errors import InvalidRequest

_HOW = "sha256 and Ed25519 over the canonical JSON of `document`: sorted keys, separators , and :, ASCII"
_MAKE = "Make one with `openssl genpkey -algorithm ed25519 -out key.pem`."


def canonical(document: dict[str, Any]) -> bytes:
    """The one text of a document, whatever order its parts were written in."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()


def sealed(document: dict[str, Any], key_file: str | None) -> bytes:
    """The document with its digest, and its signature where there is a key; indented JSON.

    Raises InvalidRequest when the key file is not there or holds no Ed25519 key.
    """
    text = canonical(document)
    sealed_one: dict[str, Any] = {"document": document, "sha256": hashlib.sha256(text).hexdigest(), "how": _HOW}
    if key_file is not None:
        key = _private(key_file)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        signature = base64.b64encode(key.sign(text)).decode()
        sealed_one |= {"signature": signature, "public_key": public.decode()}
    return (json.dumps(sealed_one, indent=2, ensure_ascii=False) + "\n").encode()


def sealed_anyhow(document: dict[str, Any], key_file: str | None) -> tuple[bytes, str]:
    """The document sealed, and '' or, where the key that is named can't sign, unsigned and the reason in words."""
    try:
        return sealed(document, key_file), ""
    except InvalidRequest as error:
        return sealed(document, None), str(error)


def is_genuine(sealed_one: bytes, public_key: str | None = None) -> bool:
    """Whether the digest fits and, where it is signed or a public key (PEM) is given, the signature does.

    A signature checked against the key it carries says only that nothing changed since; who signed is told by a key
    that was known before. Raises InvalidRequest for what is no sealed document.
    """
    try:
        found = json.loads(sealed_one)
        document, digest = found["document"], found["sha256"]
    except (ValueError, KeyError, TypeError):
        raise InvalidRequest("This is no sealed document. Give the JSON file as it was downloaded.") from None
    text = canonical(document)
    if hashlib.sha256(text).hexdigest() != digest:
        return False
    known = public_key or found.get("public_key")
    if known is None:
        return True
    try:
        _public(known).verify(base64.b64decode(found.get("signature") or ""), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private(key_file: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(Path(key_file).read_bytes(), None)
    except OSError as error:
        raise InvalidRequest(f"The signing key can't be read from {key_file}: {error.strerror}. {_MAKE}") from error
    except (ValueError, TypeError) as error:
        raise InvalidRequest(f"{key_file} holds no private key in PEM without a password. {_MAKE}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidRequest(f"The key in {key_file} is not Ed25519. {_MAKE}")
    return key


def _public(pem: str) -> Ed25519PublicKey:
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return key
