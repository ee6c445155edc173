"""Reading programs: what is wrong is told with its line and its field; what is right survives every way."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction
from pathlib import Path

import pytest
from support.tomls import OFFERS, SMALL, complaint

from creditbook.domain.errors import InvalidRequest, NotFound
from creditbook.domain.program import Once, Paid, Program, PromoTerms, Referral, Reward, Tax, Unit, WalletType
from creditbook.programs import (
    load_program,
    program_from_document,
    program_from_text,
    program_from_toml,
    program_to_document,
    program_to_toml,
    shipped_programs,
)


def test_a_program_is_read_from_toml() -> None:
    small = program_from_toml(SMALL)
    assert small.plans["free"].slug == "free"
    assert small.plans["free"].allowances[1].rollover == Fraction(1, 2)
    assert small.plans["paid"].features == frozenset({"goal", "chat"})
    assert small.actions["goal"].name == "goal"


@pytest.mark.parametrize("name", shipped_programs())
def test_a_program_survives_its_document_and_its_toml(name: str) -> None:
    program = load_program(name)
    assert program_from_document(program_to_document(program)) == program
    assert program_from_text(json.dumps(program_to_document(program))) == program
    assert program_from_toml(program_to_toml(program)) == program


def test_every_field_survives_the_way_to_toml_and_back() -> None:
    small = program_from_toml(SMALL)
    third = replace(small.plans["free"].allowances[1], rollover=Fraction(1, 3), rollover_cap=7, label='a "b"\n# c')
    days = (date(2026, 3, 1), date(2026, 5, 31))
    named = (frozenset({"goal"}), 9, *days, 100, 2, frozenset({"paid"}), True, "Spring")
    promo = PromoTerms("SPRING", 50, WalletType.PREMIUM, *named)
    odd = replace(
        small,
        plans=small.plans | {"free": replace(small.plans["free"], allowances=(third,), unlimited=True)},
        unit=Unit(2_000, "credit", "credits"),
        approval_above=5,
        pool_plan="paid",
        self_registration=True,
        grace_days=0,
        wallet_tokens=9,
        low_balance_tokens=11,
        tax=Tax("VAT", Fraction(1, 3), inclusive=False),
        packages={"big": replace(program_from_toml(SMALL + OFFERS).packages["big"], tagline="Much", lifetime_days=7)},
        promo_codes={"SPRING": promo},
        referral=Referral(1, 0, Paid.SIGN_UP, "", WalletType.PREMIUM, 3),
        rewards={"review": Reward("review", "Wrote", 4, WalletType.PREMIUM, Once.DAY, 5)},
    )
    assert program_from_document(json.loads(json.dumps(program_to_document(odd)))) == odd
    assert program_from_toml(program_to_toml(odd)) == odd


def test_a_document_of_a_later_version_is_read_without_its_new_fields() -> None:
    document = program_to_document(program_from_toml(SMALL))
    document["moon_days"] = 3
    document["plans"]["free"]["moon_days"] = 3
    assert program_from_document(document) == program_from_toml(SMALL)


def test_a_document_that_makes_no_sense_names_the_field() -> None:
    document = program_to_document(program_from_toml(SMALL))
    document["plans"]["free"]["rank"] = "first"
    with pytest.raises(InvalidRequest, match=r"plans\.free\.rank has to be a whole number, not 'first'"):
        program_from_document(document)


@pytest.mark.parametrize(
    ("was", "becomes", "told"),
    [
        ("rank = 0", "rnk = 0", "9: plans.free.rnk is no field here; did you mean rank?"),
        ("rank = 0\n", "", "7: plans.free.rank is missing."),
        ("rank = 0", 'rank = "0"', "9: plans.free.rank has to be a whole number, not '0'."),
        ("rank = 0", "rank = true", "9: plans.free.rank has to be a whole number, not True."),
        ("tokens = 100", "tokens = 1.5", "19: @[2].tokens has to be a whole number, not 1.5."),
        ("tokens = 100", "tokens = -1", "19: @[2].tokens has to be 0 or more."),
        ("tokens = 5", "tokens = 9007199254740992", "14: @[1].tokens is more than can be"),
        ('every = "day"', 'every = "week"', "15: @[1].every can't be 'week'; choose one of day,"),
        ('wallet = "MONTHLY"', 'wallet = "STANDARD"', "18: @[2].wallet has a second allowance"),
        ('wallet = "MONTHLY"', 'wallet = "ROLLOVER"', "18: @[2].wallet can't be ROLLOVER"),
        ('rollover = "50%"', 'rollover = "150%"', "22: @[2].rollover is a share between"),
        ('rollover = "50%"', "rollover = 0.5", "22: @[2].rollover is no share"),
        ('rollover = "50%"', 'rollover = "1/0"', "22: @[2].rollover is no share"),
        ('features = ["goal"]', 'features = ["gaol"]', "21: @[2].features names “gaol”, which"),
        ('features = ["goal"]', 'features = "goal"', "21: @[2].features has to be a list."),
        ('features = ["goal"]', "features = [1]", "21: @[2].features[1] has to be text"),
        ("rank = 1", "rank = 0", "26: plans.paid.rank is that of free too"),
        ('pricing = "actual"', 'pricing = "actual"\ntokens = 4', "36: actions.chat.tokens is the price of a fixed"),
        ('zone = "Europe/Berlin"', 'zone = "Berlin"', "3: zone is none: “Berlin” is no time zone."),
        ('currency = "EUR"', 'currency = "EUX"', "4: currency is none: nobody knows EUX."),
        ('zone = "Europe/Berlin"', 'zone = "Europe/Berlin"\ngrace_days = -1', "4: grace_days has to be 0 or more."),
        ('currency = "EUR"', 'currency = "€"', "4: currency has to be a currency's three letters"),
        ('default_plan = "free"', 'default_plan = "gratis"', "5: default_plan names no plan. There are: free, paid."),
        ("[actions.goal]", "[actions]\nchat2 = 3\n[actions.goal]", "31: actions.chat2 has to be a table of fields."),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_field(was: str, becomes: str, told: str) -> None:
    assert SMALL.count(was) >= 1
    told = told.replace("@", "plans.free.allowances")
    assert f"small.toml, line {told}" in complaint(SMALL.replace(was, becomes, 1))


def test_what_is_no_toml_is_told_with_its_line() -> None:
    assert "small.toml is no TOML:" in complaint(SMALL.replace("rank = 0", "rank = "))
    assert "line 9" in complaint(SMALL.replace("rank = 0", "rank = "))


def test_a_key_that_looks_like_one_inside_a_long_text_is_not_taken_for_it() -> None:
    text = SMALL.replace('title = "Small"', 'title = """\ncurrency = 1\n"""').replace('"EUR"', '"euro"')
    assert "small.toml, line 6: currency has" in complaint(text)


def test_a_field_inside_an_inline_table_is_told_by_the_line_of_the_table() -> None:
    assert "line 6: unit.tokens_per_credit has to be 1 or more" in complaint(
        SMALL.replace("\n\n[plans.free]", "\nunit = { tokens_per_credit = 0 }\n[plans.free]", 1)
    )


def test_a_program_is_found_by_path_and_by_name(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text(SMALL, encoding="utf-8")
    assert load_program(file) == load_program(str(file)) == program_from_toml(SMALL)
    assert isinstance(load_program("daily"), Program)


def test_an_unknown_name_lists_the_programs_that_ship(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"No program is called “weekly”. There are: .*daily.*studio"):
        load_program("weekly")
    with pytest.raises(NotFound, match="There is no program file"):
        load_program(tmp_path / "none.toml")


def test_a_file_that_is_no_text_is_refused_in_words(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidRequest, match="Save it as UTF-8"):
        load_program(file)
