"""Passwords: the rules for new ones, their hashes, and the one check of a typed one.

The check itself is streamlit-authenticator's; everything else of that library stays out (docs/decisions).
"""

from __future__ import annotations

import secrets

import bcrypt

from creditbook.access.values import WeakPassword

MIN_LENGTH = 10
MAX_BYTES = 72  # bcrypt reads no further, and its version 5 refuses instead of cutting
ROUNDS = 12
# Nobody's password at the same cost: an unknown name takes as long as a wrong password.
NOBODYS_HASH = "$2b$12$aEqQUh/aPCChoF.JJ2QH..lKam7y/w1zN1161DXSyCvF8.xVKm8u."
EVERYBODYS = {"1234567890", "0123456789", "passwordpassword", "password123", "password1234", "qwertyuiop",
              "creditbook", "creditbook1", "administrator", "letmeinplease", "iloveyou123", "changeme123"}  # fmt: skip


def check_new(password: str, user_name: str) -> None:
    """Refuse a new password that is too short, too long to hash or too easy to guess.

    Raises:
        WeakPassword: with a sentence that says what to change.
    """
    if len(password) < MIN_LENGTH:
        raise WeakPassword(f"Use at least {MIN_LENGTH} characters. Three or four unrelated words do well.")
    if len(password.encode()) > MAX_BYTES:
        raise WeakPassword(f"Use at most {MAX_BYTES} bytes: that is {MAX_BYTES} plain letters, fewer in other scripts.")
    if password != password.strip():
        raise WeakPassword("Leave out the space at the beginning or the end.")
    plain = password.casefold()
    if plain in EVERYBODYS or len(set(plain)) < 4:
        raise WeakPassword("This password is among the first that anyone would try. Choose another.")
    if user_name and user_name.casefold() in plain:
        raise WeakPassword("Leave your user name out of the password.")


def hash_new(password: str, rounds: int | None = None) -> str:
    """The bcrypt hash to store. Takes about a quarter of a second at the usual cost, on purpose."""
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds or ROUNDS)).decode()


def matches(user_name: str, password: str, password_hash: str | None) -> bool:
    """Whether this is the password behind ``password_hash``; None (nobody) takes as long and is always false."""
    if password_hash is None or len(password.encode()) > MAX_BYTES:
        bcrypt.checkpw(password.encode()[:MAX_BYTES], NOBODYS_HASH.encode())
        return False
    from streamlit_authenticator.controllers import AuthenticationController

    only = {
        "usernames": {user_name: {"email": "", "first_name": user_name, "last_name": "", "password": password_hash}}
    }
    check = AuthenticationController(only, auto_hash=False, secret_key=secrets.token_hex(32))
    return check.login(user_name, password) is True
