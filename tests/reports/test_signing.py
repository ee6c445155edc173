"""What leaves the house sealed: anybody can tell whether it was changed, and by a known key who signed it."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from creditbook.domain.errors import InvalidRequest
from creditbook.reports.signing import canonical, is_genuine, sealed

DOCUMENT: dict[str, Any] = {"b": 1, "a": {"ठ": [1, "x"], "n": None}}


def a_key(path: Path, key: Any = None) -> str:
    made = key or Ed25519PrivateKey.generate()
    path.write_bytes(made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


def test_a_sealed_document_is_genuine_until_a_letter_of_it_changes(tmp_path: Path) -> None:
    key = a_key(tmp_path / "key.pem")
    for one in (sealed(DOCUMENT, None), sealed(DOCUMENT, key)):
        assert is_genuine(one)
        changed = json.loads(one)
        changed["document"]["b"] = 2
        assert not is_genuine(json.dumps(changed).encode())


def test_a_forger_who_seals_anew_is_told_from_the_known_key(tmp_path: Path) -> None:
    ours, theirs = a_key(tmp_path / "ours.pem"), a_key(tmp_path / "theirs.pem")
    known = json.loads(sealed(DOCUMENT, ours))["public_key"]
    forged = sealed(DOCUMENT | {"b": 2}, theirs)
    assert is_genuine(forged)
    assert not is_genuine(forged, known)
    assert not is_genuine(sealed(DOCUMENT, None), known)
    assert is_genuine(sealed(DOCUMENT, ours), known)


def test_openssl_verifies_the_signature(tmp_path: Path) -> None:
    one = json.loads(sealed(DOCUMENT, a_key(tmp_path / "key.pem")))
    (tmp_path / "text").write_bytes(canonical(one["document"]))
    (tmp_path / "signature").write_bytes(base64.b64decode(one["signature"]))
    (tmp_path / "public.pem").write_text(one["public_key"])
    asked = "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in text -sigfile signature"
    told = subprocess.run(asked.split(), cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in told.stdout


def test_a_key_that_can_not_sign_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="can't be read"):
        sealed(DOCUMENT, str(tmp_path / "none.pem"))
    (tmp_path / "no.pem").write_text("no key")
    with pytest.raises(InvalidRequest, match="no private key"):
        sealed(DOCUMENT, str(tmp_path / "no.pem"))
    with pytest.raises(InvalidRequest, match="not Ed25519"):
        sealed(DOCUMENT, a_key(tmp_path / "ec.pem", ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(InvalidRequest, match="no sealed document"):
        is_genuine(b"{}")
