"""ReplyScores letters out of replies, and taking a model's liking for letters out of its scores."""

import math
from random import Random

import pytest

from plywise.llm_modules.prompts.scoring import (
    CHOICE_SHARE,
    LetterCalibration,
    choice_scores,
    read_choice,
    read_scores,
    to_values,
    to_weights,
)


def test_scores_are_normalised_over_the_letters_and_add_up_spellings() -> None:
    tokens = [("A", math.log(0.2)), (" A", math.log(0.2)), ("B", math.log(0.1)), ("The", -0.7)]
    found = read_scores(tokens, "AB")
    assert found is not None
    assert found.logprobs == pytest.approx((math.log(0.8), math.log(0.2)))
    assert found.found == 2
    assert found.mass == pytest.approx(0.5)


def test_a_missing_letter_gets_the_most_that_it_can_have() -> None:
    found = read_scores([("A", math.log(0.6)), ("The", math.log(0.3))], "ABC")
    assert found is not None
    assert found.found == 1
    assert [math.exp(p) for p in found.logprobs] == pytest.approx([0.75, 0.125, 0.125])  # left: 0.1
    many = read_scores([("A", math.log(0.2)), ("The", math.log(0.1))], "AB")
    assert many is not None
    assert [math.exp(p) for p in many.logprobs] == pytest.approx([2 / 3, 1 / 3])  # smallest: 0.1


@pytest.mark.parametrize("tokens", [[], [("The", -0.1)], [("a", -0.1)], [("A", math.nan)]])
def test_no_letter_no_scores(tokens: list[tuple[str, float]]) -> None:
    assert read_scores(tokens, "ABC") is None


def test_absurd_probabilities_stay_finite() -> None:
    found = read_scores([("A", -0.0), ("B", -9999.0), ("C", -math.inf)], "ABC")
    assert found is not None
    assert all(math.isfinite(p) for p in found.logprobs)
    assert found.logprobs[1] == found.logprobs[2]


@pytest.mark.parametrize(
    ("text", "letter"),
    [
        ("B", "B"),
        (" (b) ", "B"),
        ("**C**", "C"),
        ('{"answer": "B"}', "B"),
        ('Sure: {"answer": " b "} as you asked', "B"),
        ("The answer is B.", "B"),
        ("Answer: C\nbecause A is weak", "C"),
        ("B. Earthquake", "B"),
        ("I would play C here", "C"),
        ("A good move would be B", "B"),
        ("", None),
        ("Z", None),
        ('{"answer": "Z"}', None),
        ('{"answer": 3}', None),
        ("B or C", None),
        ("A good plan", None),
        ("play Earthquake", None),
        ('{"answer"', None),
        ("ABC", None),
    ],
)
def test_a_choice_is_understood_only_when_it_is_clear(text: str, letter: str | None) -> None:
    assert read_choice(text, "ABC") == letter


def test_a_bare_choice_has_a_modest_share() -> None:
    assert to_weights(choice_scores("B", "ABCD")) == pytest.approx((0.1, CHOICE_SHARE, 0.1, 0.1))
    assert to_weights(choice_scores("A", "AB")) == pytest.approx((0.7, 0.3))


def test_values_are_symmetric_and_bounded() -> None:
    assert to_values((-1.0, -3.0)) == pytest.approx((0.46, -0.46), abs=0.01)
    assert to_values((-2.0, -2.0, -2.0)) == (0.0, 0.0, 0.0)
    assert all(-1.0 <= v <= 1.0 for v in to_values((0.0, -20.0, -20.0)))


def test_calibration_finds_the_option_under_a_strong_liking_for_a_letter() -> None:
    """A model that likes "A" by 2 nats and the right option by 1: uncalibrated it says "A"."""
    random = Random(3)
    calibration = LetterCalibration()
    right_plain = right = 0
    for number in range(300):
        answer = random.randrange(4)
        scores = [2.0 * (i == 0) + (i == answer) + random.gauss(0, 0.1) for i in range(4)]
        total = math.log(sum(math.exp(s) for s in scores))
        logprobs = [s - total for s in scores]
        adjusted = calibration.adjust("propose", logprobs)
        if number >= 100:
            right_plain += logprobs.index(max(logprobs)) == answer
            right += adjusted.index(max(adjusted)) == answer
    assert right_plain < 80
    assert right > 195


def test_calibration_keeps_kinds_apart_and_starts_from_no_liking() -> None:
    calibration = LetterCalibration()
    assert calibration.adjust("propose", (-1.0, -3.0)) == (1.0, -1.0)
    assert calibration.adjust("model", (-3.0, -1.0)) == (-1.0, 1.0)
    assert calibration.adjust("propose", (-1.0, -1.0, -1.0)) == (0.0, 0.0, 0.0)
    share = 1 / (1 + LetterCalibration.PRIOR)
    assert calibration.adjust("propose", (-2.0, -2.0)) == pytest.approx((-share, share))
