"""Rule 6: an action priced by a formula over what the operation reports, exact, rounded up, and harmless."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from support.books import LivingBook, a_program, allowance

from creditbook.domain import formula
from creditbook.domain.errors import InsufficientTokens, InvalidRequest
from creditbook.domain.operations import Work
from creditbook.domain.program import Action, Enforcement, Pricing


def cost(text: str, tokens: int | None = None, **figures: object) -> int:
    counts = {name: figures.pop(name) for name in list(figures) if name.endswith("_tokens")}
    return formula.price(text, tokens, Work(metadata=figures or None, **counts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "figures", "wanted"),
    [
        ("7", {}, 7),
        ("tokens * 2", {"tokens": 21}, 42),
        ("output_tokens / 1000", {"output_tokens": 1}, 1),
        ("output_tokens / 1000", {"output_tokens": 1000}, 1),
        ("output_tokens / 1000", {"output_tokens": 1001}, 2),
        ("input_tokens + 3 * output_tokens - cached_tokens", {"input_tokens": 10, "output_tokens": 2}, 16),
        ("reasoning_tokens + cached_tokens", {"reasoning_tokens": 4, "cached_tokens": 5}, 9),
        ("files // 2 + files % 2", {"files": 7}, 4),
        ("-files + 10", {"files": 3}, 7),
        ("2 * (files + 1)", {"files": 3}, 8),
        ("min(files, 4) + max(1, files, 2)", {"files": 9}, 13),
        ("ceil(files / 2) * 10", {"files": 3}, 20),
        ("floor(files / 2) * 10", {"files": 3}, 10),
        ("5 if files > 3 else 2", {"files": 4}, 5),
        ("5 if files > 3 else 2", {"files": 3}, 2),
        ("1 if 2 <= files < 5 else 0", {"files": 4}, 1),
        ("1 if 2 <= files < 5 else 0", {"files": 5}, 0),
        ("1 if files == 4 else 2 if files != 5 else 3", {"files": 5}, 3),
        ("\n  files\n  + 1\n", {"files": 4}, 5),
        ("+".join(["files"] * 50), {"files": 1}, 50),
    ],
)
def test_a_formula_means_what_it_says(text: str, figures: dict[str, int], wanted: int) -> None:
    assert cost(text, **figures) == wanted


def test_tokens_are_the_callers_or_else_input_and_output() -> None:
    assert cost("tokens", 5, input_tokens=900) == 5
    assert cost("tokens", None, input_tokens=900, output_tokens=100) == 1000
    assert cost("tokens", 0, input_tokens=900) == 0


def test_nothing_is_rounded_but_the_result_and_that_up() -> None:
    assert cost("files * 0.1 * 3", files=10) == 3  # in binary floats this is 3.0000000000000004
    assert cost("pages * 10", pages=0.3) == 3
    assert cost("pages / 3 * 3", pages=1) == 1
    assert cost("pages * 1.0000000001", pages=1) == 2


def test_a_price_is_never_below_nothing() -> None:
    assert cost("tokens - 100", 5) == 0
    assert cost("tokens - 100 - 0.5", 100) == 0


def test_a_branch_that_is_not_taken_asks_for_nothing() -> None:
    assert cost("3 if tokens < 10 else pages", 5) == 3
    assert cost("3 if tokens < 10 else tokens / 0.5", 5) == 3
    with pytest.raises(InvalidRequest, match="“pages”"):
        cost("3 if tokens < 10 else pages", 50)


@pytest.mark.parametrize("value", ["7", None, True, [7], float("nan"), float("inf"), 2**53, -(2.0**60)])
def test_metadata_that_is_no_number_is_refused_by_name(value: object) -> None:
    with pytest.raises(InvalidRequest, match="“pages” in metadata"):
        cost("pages", pages=value)


def test_dividing_by_nothing_is_told() -> None:
    with pytest.raises(InvalidRequest, match="divides by 0"):
        cost("tokens / pages", 5, pages=0)
    with pytest.raises(InvalidRequest, match="divides by 0"):
        cost("tokens % pages", 5, pages=0)


def test_more_than_anything_ever_cost_is_told() -> None:
    with pytest.raises(InvalidRequest, match="check its units"):
        cost("pages * pages", pages=2**40)


@pytest.mark.parametrize(
    ("text", "place", "why"),
    [
        ("tokens ** 2", 1, "no powers"),
        ("1 + tokens.real", 5, "only numbers"),
        ("tokens[0]", 1, "only numbers"),
        ("__import__('os')", 1, "no function __import__"),
        ("(lambda: 1)()", 1, "no function"),
        ("1 + open('x')", 5, "no function open"),
        ("2 * ceill(tokens)", 5, "did you mean ceil"),
        ("ceil(1, 2)", 1, "takes one number"),
        ("min(3)", 1, "two numbers or more"),
        ("max(*tokens)", 1, "plain numbers"),
        ("min(1, 2, key=tokens)", 1, "plain numbers"),
        ("tokens + min", 10, "write min"),
        ("2 * input_token", 5, "nothing reports input_token"),
        ("_secret", 1, "begins with a letter"),
        ("'text'", 1, "only numbers"),
        ("True", 1, "only numbers"),
        ("1j", 1, "only numbers"),
        ("tokens > 3", 1, "a comparison is no number"),
        ("1 if tokens else 2", 6, "a comparison has to stand here"),
        ("1 if tokens in 3 else 2", 6, "compare with"),
        ("tokens and 1", 1, "only numbers"),
        ("~tokens", 1, "only numbers"),
        ("tokens << 90", 1, "only numbers"),
        ("tokens / 0", 10, "divided by 0"),
        ("tokens % 0", 10, "divided by 0"),
        ("1e400", 1, "too large"),
        ("9" * 30, 1, "too large"),
        ("1 + 1e-30", 5, "too small"),
        ("tokens # all", 8, "no meaning"),
        ("tokens × 2", 8, "no meaning"),
        ("tokens; 2", 7, "no meaning"),
        ("tokens = 2", 8, "can't be read"),
        ("1 2", 3, "can't be read"),
        ("[x for x in tokens]", 1, "only numbers"),
        ("  a.b", 3, "only numbers"),
        ("-" * 130 + "1", 101, "too long"),
        ("+".join(["1"] * 60), 83, "too long"),
    ],
)
def test_everything_else_is_refused_with_its_place(text: str, place: int, why: str) -> None:
    with pytest.raises(InvalidRequest, match=why) as refused:
        formula.check(text)
    assert f"at character {place} " in str(refused.value)


@pytest.mark.parametrize("text", ["", "   ", "1 + " * 200 + "1", "(" * 400 + "1" + ")" * 400, "(" * 240 + "1"])
def test_a_formula_is_neither_empty_nor_endless(text: str) -> None:
    with pytest.raises(InvalidRequest):
        formula.check(text)


def test_metadata_names_are_declared_by_being_used() -> None:
    assert formula.parse("pages * 2 + max(tokens, files)").names == {"pages", "files", "tokens"}


# ---- a second opinion: trees that are worked out while they are drawn, and texts that nobody would write

Drawn = tuple[str, Fraction]
VALUES = {"tokens": 7, "output_tokens": 1_000, "files": 3, "pages": Fraction(1, 10)}


def combined(inner: st.SearchStrategy[Drawn]) -> st.SearchStrategy[Drawn]:
    def of(parts: tuple[Drawn, str, Drawn]) -> Drawn:
        (a, x), how, (b, y) = parts
        worked: dict[str, Callable[[], Drawn]] = {
            "+": lambda: (f"({a} + {b})", x + y),
            "-": lambda: (f"({a} - {b})", x - y),
            "*": lambda: (f"({a} * {b})", x * y),
            "/": lambda: (f"({a} / {b})", x / y if y else x),
            "//": lambda: (f"({a} // {b})", Fraction(x // y) if y else x),
            "%": lambda: (f"({a} % {b})", x % y if y else x),
            "min": lambda: (f"min({a}, {b})", min(x, y)),
            "max": lambda: (f"max({a}, {b})", max(x, y)),
            "ceil": lambda: (f"ceil({a})", Fraction(-(-x // 1))),
            "floor": lambda: (f"floor({b})", Fraction(y // 1)),
            "if": lambda: (f"({a} if {a} > {b} else {b})", x if x > y else y),
        }
        return (a, x) if how in ("/", "//", "%") and not y else worked[how]()

    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "min", "max", "ceil", "floor", "if"])
    return st.tuples(inner, signs, inner).map(of)


NAMES = st.sampled_from(sorted(VALUES)).map(lambda name: (name, Fraction(VALUES[name])))
NUMBERS = st.integers(0, 50).map(lambda number: (str(number), Fraction(number)))
DRAWN = st.recursive(NAMES | NUMBERS, combined, max_leaves=8)


@given(DRAWN)
def test_any_formula_is_worked_out_exactly(drawn: Drawn) -> None:
    text, value = drawn
    assume(len(text) <= formula.LONGEST and abs(value) < formula.LARGEST)
    try:
        formula.check(text)
    except InvalidRequest as refused:
        assume("too long" not in str(refused) and "divided by 0" not in str(refused))
        raise
    assert cost(text, 7, output_tokens=1_000, files=3, pages=0.1) == max(0, -(-value.numerator // value.denominator))


@given(st.text(max_size=60) | st.text("tokens 0123456789+-*/%()<>=if else.,min_'[]{}:", max_size=60))
def test_whatever_is_written_is_read_or_refused_with_a_sentence(text: str) -> None:
    with suppress(InvalidRequest):
        formula.price(text, 5, Work(metadata={"files": 3}))


LENGTHY = Action("review", Pricing.FORMULA, formula="ceil(output_tokens / 100) + 2 * files", estimate=9)
LISTED = Action("listing", Pricing.FORMULA, formula="3 * files + 1")


def a_book(**terms: object) -> LivingBook:
    book = LivingBook(a_program(allowance(50), actions={"review": LENGTHY, "listing": LISTED}, **terms))
    book.open()
    return book


def test_a_spend_is_charged_what_its_formula_says() -> None:
    book = a_book()
    receipt = book.spend(action="review", work=Work(output_tokens=101, metadata={"files": 3}))
    assert (receipt.charged, receipt.available) == (8, 42)


def test_a_spend_that_does_not_report_what_its_formula_needs_is_refused_and_keeps_nothing() -> None:
    book = a_book()
    with pytest.raises(InvalidRequest, match="“files”"):
        book.spend(action="review", work=Work(output_tokens=101))
    assert book.available() == 50
    assert not book.booked("usage")


def test_a_formula_that_comes_to_nothing_is_only_metered() -> None:
    book = a_book(enforcement=Enforcement.CHARGE)
    receipt = book.spend(action="review", work=Work(metadata={"files": 0}))
    assert (receipt.charged, receipt.metered) == (0, True)


def test_shadow_marks_a_missing_figure_and_charges_nothing() -> None:
    book = a_book(enforcement=Enforcement.SHADOW)
    receipt = book.spend(action="review", work=Work(output_tokens=500))
    assert (receipt.charged, receipt.would_refuse) == (0, "InvalidRequest")


def test_more_than_there_is_is_refused_with_the_formulas_figure() -> None:
    book = a_book()
    with pytest.raises(InsufficientTokens) as refused:
        book.spend(action="listing", work=Work(metadata={"files": 20}))
    assert (refused.value.required, refused.value.shortage) == (61, 11)


def test_a_hold_reserves_the_estimate_or_the_price_that_is_known_or_a_typical_run() -> None:
    book = a_book()
    assert book.reserve(20, "listing", metadata={"files": 1}).held == 20
    assert book.reserve(action="listing", metadata={"files": 2}).held == 7
    assert book.reserve(action="review", metadata={"files": 2}).held == 9
    with pytest.raises(InvalidRequest, match="how many tokens to hold"):
        book.reserve(action="listing")


def test_a_part_is_charged_by_what_it_reports_itself() -> None:
    book = a_book()
    hold = book.reserve(20, "review", metadata={"files": 5})
    part = book.capture(hold, final=False, work=Work(output_tokens=250, metadata={"files": 1}))
    assert part.charged == 5
    with pytest.raises(InvalidRequest, match="“files”"):
        book.capture(hold, work=Work(output_tokens=10))
    assert book.capture(hold, work=Work(metadata={"files": 2})).available == 41
