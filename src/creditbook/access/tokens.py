"""Opaque tokens: 256 random bits for the holder, their SHA-256 for the database."""

from __future__ import annotations

import hashlib
import secrets


def new_token() -> str:
    """A token to hand out once, in letters, digits, ``-`` and ``_``."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is stored of a token. Equal tokens, equal hashes; nothing leads back."""
    return hashlib.sha256(token.encode()).hexdigest()
