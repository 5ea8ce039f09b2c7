"""Names and refusals as Showdown's own sources write them."""

import pytest

from plywise.games.showdown.names import name_fault, user_id, without_rank
from plywise.games.showdown.refusals import name_advice, refusal, shortened


@pytest.mark.parametrize(
    ("name", "id_"),
    [("Some Name", "somename"), ("+Näme_2", "nme2"), ("Bot-9!", "bot9"), ("…", "")],
)
def test_an_id_is_ascii_letters_and_digits(name: str, id_: str) -> None:
    assert user_id(name) == id_


@pytest.mark.parametrize("name", ["a", "Plywise Bot", "x" * 18, "[Team] a_b.c-d~!?", "né 1"])
def test_names_that_a_server_may_take(name: str) -> None:
    assert name_fault(name) == ""


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "a name needs a letter"),
        ("1234", "a name needs a letter"),
        ("ピカチュウ", "a name needs a letter"),
        ("x" * 19, "at most 18 letters and digits"),
        ("two,three", "must not hold ','"),
        ("two|three", r"must not hold '|'"),
        ("two\nthree", r"must not hold '\n'"),
        ("Guest 7", "must not begin with 'guest'"),
    ],
)
def test_names_that_no_server_takes(name: str, why: str) -> None:
    assert why in name_fault(name)


@pytest.mark.parametrize(
    ("identity", "name"),
    [(" Some Name", "Some Name"), ("+Some Name", "Some Name"), ("@x@!", "x"), ("‽ab", "ab")],
)
def test_a_rank_and_a_mark_of_absence_are_no_part_of_the_name(identity: str, name: str) -> None:
    assert without_rank(identity) == name


@pytest.mark.parametrize(
    ("popup", "advice", "wait"),
    [
        (
            "You challenged less than 10 seconds after your last challenge! It's cancelled in "
            "case it's a misclick.",
            "10 s between",
            10.5,
        ),
        (
            "Due to high load, you are limited to 12 battles and team validations every 3 minutes.",
            "wait 3 minutes",
            180.0,
        ),
        (
            "Due to high load, you are limited to 5 games at the same time.",
            "concurrency=5",
            None,
        ),
        (
            "Your team was rejected for the following reasons:||||- Pikachu is banned.",
            "not legal",
            None,
        ),
        ("The user 'x' is not accepting challenges right now.", "allow challenges", None),
        ("The user 'x' was not found.", "not on the server", 5.0),
    ],
)
def test_popups_that_refuse_something(popup: str, advice: str, wait: float | None) -> None:
    found = refusal(popup)
    assert found is not None
    assert advice in found.advice
    assert found.wait == wait
    assert "\n" not in str(found)
    assert "||" not in str(found)


@pytest.mark.parametrize("popup", ["", "Welcome!", "|html|<b>News</b>", "[/x]||no"])
def test_other_popups_refuse_nothing(popup: str) -> None:
    assert refusal(popup) is None


def test_words_of_a_server_are_one_short_line() -> None:
    assert shortened("|html|<b>a</b> b||c\nd") == "a b c d"
    assert len(shortened("<" + "x " * 10**6)) == 200


@pytest.mark.parametrize(
    ("words", "advice"),
    [
        ('Someone is already using the name "x".', "choose another server.username, or give"),
        ("Your authentication token was invalid.", "server.login_url"),
        ("Your verification signature was invalid.", "not the login server"),
        ("Your name contains a banned word.", "choose another server.username"),
    ],
)
def test_advice_about_a_refused_name(words: str, advice: str) -> None:
    assert advice in name_advice(words)
