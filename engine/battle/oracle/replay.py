"""Replay of recorded battles of the real simulator, by script or from the seed.

A step is exact when every random draw was of the recorded kind (``randomChance`` or plain, its
range and numerator), none was left over or missing, the legal choices of both sides were the
recorded ones, and the state after it has every fact of the recorded one (:mod:`state_facts` lists
them).

From the seed (:func:`replay_seed`) only seed, teams and choices are read from the record; draws
come from our own generator, and its state must be the recorded one before every step as well.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from plywise.datasets.battle_corpus import RecordedBattle, RecordedStep
from plywise.datasets.pokemon_sets import parse_packed_team
from plywise.engine.battle import chance
from plywise.engine.battle.border import codec
from plywise.engine.battle.border.seeds import parse_seed, unstarted_from_seed
from plywise.engine.battle.oracle import state_facts as facts
from plywise.engine.battle.rules import RULES, rules, start
from plywise.engine.kernels import NO_ACTION

_BUFFER = np.zeros(RULES.num_actions, np.int32)


def prepare_rules() -> None:
    """Compile the kernels that a replay needs, or load them from the cache."""
    rules()


@dataclass(frozen=True)
class LegalMismatch:
    """A side's legal actions, recorded and ours."""

    side: int
    expected: tuple[int, ...]
    got: tuple[int, ...]


@dataclass(frozen=True)
class DrawMismatch:
    """The first draw of another kind than the recorded one.

    Attributes:
        position: its number in the step, from 0.
        expected: the recorded draw as ``site numerator/n``; empty where none was left.
        got: our draw in the same words; empty where we made none.
    """

    position: int
    expected: str
    got: str


@dataclass(frozen=True)
class StepCheck:
    """What a replayed step got wrong; nothing where it is exact.

    Attributes:
        unreadable: why the state before could not be decoded, if so.
        differences: (where, what, recorded, ours) of every differing fact.
    """

    unreadable: str = ""
    legal: tuple[LegalMismatch, ...] = ()
    draw: DrawMismatch | None = None
    differences: tuple[tuple[str, str, Any, Any], ...] = ()

    @property
    def exact(self) -> bool:
        """Whether everything that is compared is right."""
        return not (self.unreadable or self.legal or self.draw or self.differences)


def decode_before(
    step: RecordedStep, setup: codec.BattleSetup, unsaid: codec.LoggedFacts | None = None
) -> np.ndarray[Any, Any] | str:
    """Return a pool with the state before ``step``, or why it cannot be decoded."""
    try:
        return codec.decode(step.before, setup, unsaid)
    except codec.DecodeError as error:
        return str(error)


def check_step(pool: np.ndarray[Any, Any], i: int, step: RecordedStep) -> StepCheck:
    """Play ``step`` in place on state ``i`` of ``pool`` and compare it with the record."""
    legal = tuple(m for s in range(2) if (m := _check_legal(pool, i, step, s)) is not None)
    actions = [_action(step, s) for s in range(2)]
    script = chance.new_script([(d.numerator, d.low, d.n, d.result) for d in step.draws])
    chance.attach_script(pool[i], script)
    RULES.step(pool, i, actions[0], actions[1])
    chance.detach_script(pool[i])
    differences = facts.fact_differences(facts.dump_facts(step.after), facts.state_facts(pool, i))
    return StepCheck(legal=legal, draw=_check_draws(script, step), differences=tuple(differences))


def _action(step: RecordedStep, side: int) -> int:
    choice = step.choices[side]
    return NO_ACTION if choice is None else codec.action_of(choice, step.before, side)


def _check_legal(
    pool: np.ndarray[Any, Any], i: int, step: RecordedStep, side: int
) -> LegalMismatch | None:
    recorded = step.legal[side] or ()
    expected = sorted({codec.action_of(choice, step.before, side) for choice in recorded})
    n = RULES.legal(pool, i, side, _BUFFER)
    got = [int(a) for a in _BUFFER[:n]]
    return None if got == expected else LegalMismatch(side, tuple(expected), tuple(got))


def _kind(numerator: float, low: int, n: int) -> str:
    return f"{low}…{low + n - 1}" if numerator < 0 else f"{numerator}/{n}"


def _check_draws(script: np.ndarray[Any, Any], step: RecordedStep) -> DrawMismatch | None:
    report = chance.script_report(script)
    if report.exact:
        return None
    position = report.position if report.mismatches else report.used
    expected = got = ""
    if position < len(step.draws):
        d = step.draws[position]
        expected = f"{d.site} {_kind(d.numerator, d.low, d.n)}"
    if report.mismatches:
        got = f"{report.site} {_kind(*report.got)}"
    return DrawMismatch(position, expected, got)


@dataclass(frozen=True)
class SeedReplay:
    """How far a battle that is played from its seed goes the recorded way.

    Attributes:
        steps: steps after which everything was right.
        exact: that was the whole battle.
        check: what went wrong in the first wrong step: the same step replayed by script from our
            own state before it, or the plain differences where that finds nothing.
    """

    steps: int
    exact: bool
    check: StepCheck | None = None


def replay_seed(battle: RecordedBattle) -> SeedReplay:
    """Play ``battle`` from its seed, its teams and its choices alone; stop at the first fault."""
    one, two = map(parse_packed_team, battle.packed_teams)
    pool = unstarted_from_seed((one, two), battle.rules, battle.seed, battle.picked)
    start(pool, 0)
    steps = battle.steps
    if steps:
        found = facts.fact_differences(
            facts.dump_facts(steps[0].before), facts.state_facts(pool, 0)
        )
        drawn = _check_generator(pool, steps[0].seed)
        if found or drawn:
            return SeedReplay(0, False, StepCheck(draw=drawn, differences=tuple(found)))
    for k, step in enumerate(steps):
        before = pool.copy()
        legal = tuple(m for s in range(2) if (m := _check_legal(pool, 0, step, s)) is not None)
        RULES.step(pool, 0, _action(step, 0), _action(step, 1))
        found = facts.fact_differences(facts.dump_facts(step.after), facts.state_facts(pool, 0))
        drawn = _check_generator(pool, steps[k + 1].seed if k + 1 < len(steps) else "")
        if legal or found or drawn:
            check = check_step(before, 0, step)
            if check.exact:
                check = StepCheck(legal=legal, draw=drawn, differences=tuple(found))
            return SeedReplay(k, False, check)
    return SeedReplay(len(steps), True)


def _check_generator(pool: np.ndarray[Any, Any], seed: str) -> DrawMismatch | None:
    """Compare our generator with the recorded one, where its state was recorded."""
    if not seed or int(pool[0]["rng"]) == parse_seed(seed):
        return None
    return DrawMismatch(-1, f"generator at {seed}", f"gen5,{int(pool[0]['rng']):016x}")
