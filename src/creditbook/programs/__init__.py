"""The programs that ship, as TOML, and how a program is read, checked and written down."""

from .document import program_from_document, program_from_text, program_to_document
from .loader import load_program, program_from_toml, program_to_toml, shipped_programs

__all__ = [
    "load_program",
    "program_from_document",
    "program_from_text",
    "program_from_toml",
    "program_to_document",
    "program_to_toml",
    "shipped_programs",
]
