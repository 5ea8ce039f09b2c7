"""Measuring a model, and what its trust does to a search."""

import io
import json
import math
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.agents.spec import Agent
from plywise.arena.cli.main import main
from plywise.arena.guidance import trust as llm_trust
from plywise.arena.guidance.trust import CalibrationFileError, trust_lines, trusts
from plywise.arena.llm_calibration.command import run_llm_calibration
from plywise.arena.llm_calibration.questions import questions
from plywise.arena.llm_calibration.reliability import (
    AnsweredQuestion,
    fit_letters,
    measure,
    reliability,
)
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import EmbeddedGroup, LLMCommandConfig, StandInGroup
from plywise.conf.schemas.search import AlphaBetaGroup
from plywise.games.base import State
from plywise.games.grid.tic_tac_toe import TicTacToe
from plywise.llm_modules.prompts.prompting import Prompts
from plywise.search.decision import Decision
from plywise.search.guide.protocol import Question


def simulated(
    count: int, bias: list[float], strength: float, seed: int, known: float = 1.0
) -> list[AnsweredQuestion]:
    """Answers of a model that likes letters by ``bias``, and the right one by ``strength``.

    With probability ``known`` it knows the right answer as well as its probabilities say, else it
    has another one in mind at random.
    """
    random = Random(seed)
    made = []
    for _ in range(count):
        n = random.randint(3, len(bias))
        favourite = random.randrange(n)
        sharp = [strength * (k == favourite) + random.gauss(0, 0.2) for k in range(n)]
        shares = [math.exp(s) for s in sharp]
        right = random.choices(range(n), shares)[0] if random.random() < known else None
        scores = [s + b for s, b in zip(sharp, bias, strict=False)]
        total = math.log(sum(map(math.exp, scores)))
        made.append(
            AnsweredQuestion(
                tuple(s - total for s in scores),
                frozenset({random.randrange(n) if right is None else right}),
            )
        )
    return made


@pytest.mark.slow
def test_fit_finds_bias_and_temperature_of_a_simulated_model() -> None:
    bias = [2.0, 0.5, -0.5, -1.0, -1.0]
    fit = fit_letters(simulated(3000, bias, 2.0, seed=1))
    level = sum(b - f for b, f in zip(bias, fit.bias, strict=True)) / len(bias)
    assert fit.bias == pytest.approx([b - level for b in bias], abs=0.12)
    # Its probabilities without the bias are right as they are.
    assert fit.temperature == pytest.approx(1.0, abs=0.12)
    sharp = simulated(3000, bias, 2.0, seed=2)
    soft = [AnsweredQuestion(tuple(p / 4 for p in a.logprobs), a.right) for a in sharp]
    assert fit_letters(soft).temperature == pytest.approx(0.25, abs=0.04)


def test_a_right_option_without_a_letter_is_answered_wrongly_and_tells_nothing() -> None:
    missed = AnsweredQuestion((-0.1, -2.4, -5.0), frozenset(), left_out=2, missed=1)
    shown = [AnsweredQuestion(missed.logprobs, frozenset({k}), left_out=2) for k in range(3)]
    assert not missed.hit(missed.logprobs)
    whole = sum(a.probability(a.logprobs) for a in shown) + 2 * missed.probability(missed.logprobs)
    assert whole == pytest.approx(1.0)  # over the five options
    assert missed.probability(missed.logprobs) == missed.uniform == 0.2
    known = simulated(200, [0.0] * 4, 2.0, seed=8)
    mixed = [*known, *[missed] * 100]
    assert measure(mixed).raw.value == pytest.approx(measure(known).raw.value * 2 / 3)
    assert measure(mixed).calibrated.high < measure(known).calibrated.value


def test_calibration_raises_a_biased_model_and_reliability_finds_the_mixture() -> None:
    found = measure(simulated(600, [3.0, 0.0, 0.0, 0.0], 2.5, seed=3))
    assert found.calibrated.low > found.raw.high
    judged = []
    random = Random(4)
    for _ in range(4000):  # a model that is right at 0.9 in 70 % of its answers, else by chance
        honest = random.random() < 0.7
        right = random.random() < (0.9 if honest else 0.25)
        judged.append((0.9 if right else 0.1 / 3, 0.25))
    found_weight = reliability(judged)
    assert found_weight.low < 0.7 < found_weight.high
    assert found_weight.high - found_weight.low < 0.1


@pytest.mark.slow
def test_a_model_at_chance_gets_no_trust() -> None:
    trusted = [
        measure(simulated(100, [1.0, 0.5, 0.0, -0.5, -1.0], 2.0, seed, known=0.0)).trust
        for seed in range(60)
    ]
    assert sum(t > 0 for t in trusted) <= 5  # 2.5 % are expected
    good = measure(simulated(100, [1.0, 0.5, 0.0, -0.5, -1.0], 3.0, seed=1))
    assert 0.3 < good.trust < good.reliability.value


def best_result(state: State) -> int:
    """The mover's result with perfect play, by plain recursion over the game's own rules."""
    mover, best = state.current_player(), -2
    for action in state.legal_actions():
        after = state.clone()
        after.apply_action(action)
        value = int(after.returns()[mover]) if after.is_terminal() else -best_result(after)
        best = max(best, value)
    return best


def only_move(state: State) -> int:
    """The move that alone keeps the best result."""
    mover, results = state.current_player(), {}
    for action in state.legal_actions():
        after = state.clone()
        after.apply_action(action)
        results[action] = (
            int(after.returns()[mover]) if after.is_terminal() else -best_result(after)
        )
    best, second = sorted(results, key=lambda a: -results[a])[:2]
    assert results[best] > results[second]
    return best


@pytest.mark.parametrize("guide", [Question.PROPOSE, Question.MODEL])
def test_questions_have_the_only_move_as_their_answer(guide: Question) -> None:
    for known, _ in zip(questions("tic_tac_toe", guide, seed=5), range(12), strict=False):
        assert known.player == known.state.current_player()
        state = known.state.clone()
        if guide is Question.MODEL:
            state.apply_action(only_move(state))
        assert known.right == {only_move(state)}


def command(tmp_path: Path, **llm: object) -> LLMCommandConfig:
    group = StandInGroup(calibration=str(tmp_path / "measured.json"))
    for key, value in llm.items():
        setattr(group, key, value)
    return LLMCommandConfig(games="tic_tac_toe", questions=60, seed=1, llm=group)


def test_what_is_measured_is_the_trust_of_later_searches(tmp_path: Path) -> None:
    config = command(tmp_path, skill=0.9, trust=None)
    console = Console(file=io.StringIO(), width=200)
    assert run_llm_calibration(config, tmp_path, console) == 0
    found = trusts(config.llm, "tic_tac_toe")
    assert {"propose", "evaluate", "model"} == set(found)
    assert all(0.4 < t.weight < 1 and "60 questions" in t.why for t in found.values())
    [line] = trust_lines(config.llm, "tic_tac_toe", trusts(config.llm, "tic_tac_toe"))
    assert line.startswith("Trust in stand-in-0.9 in tic_tac_toe: propose 0.")
    # Nothing is known of it elsewhere, and a number overrides what is known.
    assert "not measured" in trusts(config.llm, "connect_four")["propose"].why
    assert len(trust_lines(config.llm, "connect_four", trusts(config.llm, "connect_four"))) == 2
    config.llm.trust = 0.25
    assert trusts(config.llm, "tic_tac_toe")["propose"].weight == 0.25
    answers = (tmp_path / "answers.jsonl").read_text().splitlines()
    assert len(answers) == 180


def test_a_model_at_chance_is_not_asked_and_decides_nothing(tmp_path: Path) -> None:
    config = command(tmp_path, skill=0.0, trust=None)
    assert run_llm_calibration(config, tmp_path, Console(file=io.StringIO())) == 0
    assert {t.weight for t in trusts(config.llm, "tic_tac_toe").values()} == {0.0}
    search = AlphaBetaGroup(seconds=None, max_depth=2)
    said: list[str] = []
    factory = AgentFactory(GameConfig(name="tic_tac_toe"), search, config.llm, progress=said.append)
    try:
        guided = factory.build(agent_config(name="llm_search"))
        alone = factory.build(agent_config(name="search"))
        for state in positions(40):
            assert decision_of(guided, state) == decision_of(alone, state)
    finally:
        factory.close()
    assert any("not asked" in line for line in said)


def positions(count: int) -> list[State]:
    random = Random(7)
    found: list[State] = []
    while len(found) < count:
        state: State = TicTacToe().new_initial_state()
        for _ in range(random.randint(0, 6)):
            if not state.is_terminal():
                state.apply_action(random.choice(state.legal_actions()))
        if not state.is_terminal():
            found.append(state)
    return found


def decision_of(agent: Agent, state: State) -> Decision:
    """All of a decision but its time."""
    return replace(agent.decide(state, state.current_player(), 0), seconds=0.0)


@pytest.mark.parametrize("text", ["", "[]", '{"m": {"tic_tac_toe": {"propose": {}}}}'])
def test_a_damaged_file_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "measured.json"
    path.write_text(text)
    group = StandInGroup(trust=None, calibration=str(path))
    with pytest.raises(CalibrationFileError, match=r"measured\.json is no file of measured models"):
        trusts(group, "tic_tac_toe")
    path.unlink()
    with pytest.raises(CalibrationFileError, match="there is no such file"):
        trusts(group, "tic_tac_toe")


def test_fits_of_other_prompts_do_not_count(tmp_path: Path) -> None:
    config = command(tmp_path, skill=1.0, trust=None)
    assert run_llm_calibration(config, tmp_path, Console(file=io.StringIO())) == 0
    path = tmp_path / "measured.json"
    whole = json.loads(path.read_text())
    whole["stand-in-1"]["tic_tac_toe"]["propose"]["prompt"] = "0" * 12
    path.write_text(json.dumps(whole))
    found = trusts(config.llm, "tic_tac_toe")
    assert found["propose"].why == "default, measured with other prompts"
    assert found["model"].weight > 0.5


def test_what_comes_with_the_package_is_of_the_prompts_that_come_with_it() -> None:
    packaged = Path(llm_trust.__file__).parents[2] / "datasets" / "fitted" / "llm_calibration.json"
    for model, games in json.loads(packaged.read_text()).items():
        for game, guides in games.items():
            for guide, entry in guides.items():
                assert entry["prompt"] == Prompts().digest(Question(guide)), (model, game, guide)
    smol = EmbeddedGroup(trust=None)
    assert {t.weight for t in trusts(smol, "tic_tac_toe").values()} == {0.0}


def test_the_command_refuses_a_model_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["llm", "calibrate", "llm=none"]) != 0
    assert "there is no model to measure" in capsys.readouterr().err
