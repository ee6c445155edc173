"""What people may be called: the user name they type, and the name others see."""

from __future__ import annotations

import re
import unicodedata

from creditbook.domain.errors import InvalidRequest

_USER_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
MAX_NAME = 100


def user_name_of(typed: str) -> str:
    """The user name as it is stored: trimmed and in small letters.

    Raises:
        InvalidRequest: with what a user name may hold.
    """
    user_name = typed.strip().lower()
    if not _USER_NAME.fullmatch(user_name):
        raise InvalidRequest(
            "A user name has 1 to 64 plain letters, digits, dots, dashes or underscores and begins with a letter "
            "or digit, as in asha.raman."
        )
    return user_name


def display_name_of(typed: str, otherwise: str = "") -> str:
    """The name that others see, in any script; ``otherwise`` where none was given.

    Raises:
        InvalidRequest: when it is too long or holds control characters.
    """
    name = " ".join(typed.split()) or otherwise
    if not name:
        raise InvalidRequest("Give a name: it is what others see.")
    if len(name) > MAX_NAME:
        raise InvalidRequest(f"Use at most {MAX_NAME} characters for the name.")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise InvalidRequest("The name holds characters that nobody can see. Type it anew.")
    return name


def email_of(typed: str) -> str:
    """The e-mail address, or nothing.

    Raises:
        InvalidRequest: when it is no address.
    """
    email = typed.strip()
    if email and (len(email) > 254 or not _EMAIL.fullmatch(email)):
        raise InvalidRequest("The e-mail address looks wrong. Write it as name@example.org, or leave it empty.")
    return email
