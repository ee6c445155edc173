"""Programs as TOML: the ones that ship, found by name, and anybody's own, found by path."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields, is_dataclass
from datetime import date
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import tomlkit

from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.program import Program

from .checking import check
from .document import plain
from .lines import line_of
from .reading import Misfit, dotted, read

_SHIPPED = files("creditbook.programs")


def shipped_programs() -> list[str]:
    """The names of the programs that ship."""
    return sorted(file.name.removesuffix(".toml") for file in _SHIPPED.iterdir() if file.name.endswith(".toml"))


def load_program(name_or_path: str | Path) -> Program:
    """The program of this name, or of the TOML file at this path (anything with a slash or the ending `.toml`).

    Raises `NotFound` where there is none and `InvalidRequest`, which names line and field, where it makes no sense.
    """
    said = str(name_or_path)
    if isinstance(name_or_path, Path) or "/" in said or "\\" in said or said.endswith(".toml"):
        path = Path(name_or_path)
        if not path.is_file():
            raise NotFound(f"There is no program file {path}.")
        try:
            return program_from_toml(path.read_text(encoding="utf-8"), path.name)
        except UnicodeDecodeError as error:
            raise InvalidRequest(f"{path.name} is no UTF-8 text. Save it as UTF-8.") from error
    if said not in shipped_programs():
        raise NotFound(f"No program is called “{said}”. There are: {', '.join(shipped_programs())}.")
    file = f"{said}.toml"
    return program_from_toml((_SHIPPED / file).read_text(encoding="utf-8"), file)


def program_from_toml(text: str, file: str = "program.toml") -> Program:
    """The program of a TOML text; ``file`` names it in errors. Raises `InvalidRequest` with line and field."""
    try:
        program: Program = read(Program, tomllib.loads(text))
        check(program)
    except tomllib.TOMLDecodeError as error:
        raise InvalidRequest(f"{file} is no TOML: {error}.") from error
    except Misfit as misfit:
        line = line_of(text, misfit.path)
        where = f"{file}, line {line}" if line else file
        raise InvalidRequest(f"{where}: {dotted(misfit.path) or 'it'} {misfit}.") from misfit
    return program


def program_to_toml(program: Program) -> str:
    """The program as TOML that `program_from_toml` reads back; fields that have their usual value are left out."""
    return tomlkit.dumps(_shortened(program))


def _shortened(value: Any) -> dict[str, Any]:
    """A dataclass as a table without usual values, small fields before tables, as TOML wants them."""
    short: dict[str, Any] = {}
    tables: dict[str, Any] = {}
    for field in fields(value):
        held = getattr(value, field.name)
        usual = field.default_factory() if field.default_factory is not MISSING else field.default
        if held is None or held == usual:
            continue
        if isinstance(held, dict):
            tables[field.name] = {key: _named(one) for key, one in held.items()}
        elif is_dataclass(held):
            tables[field.name] = _shortened(held)
        elif isinstance(held, tuple):
            tables[field.name] = [_shortened(one) for one in held]
        else:
            short[field.name] = _small(held)
    return short | tables


def _small(value: Any) -> Any:
    """A value in one line of TOML, which knows days and no shares."""
    if isinstance(value, Fraction):
        return _share(value)
    return value if isinstance(value, date) else plain(value)


def _named(value: Any) -> dict[str, Any]:
    """A table in a table of tables: its key says its first field."""
    table = _shortened(value)
    table.pop(fields(value)[0].name, None)
    return table


def _share(share: Fraction) -> str:
    percent = share * 100
    return f"{percent}%" if percent.denominator == 1 else str(share)
