"""Battles from their seeds: Showdown's generator, speed ties, and whole battles to the winner."""

import dataclasses
from pathlib import Path

import pytest

from plywise.arena.verify.engine import verify_corpus
from plywise.arena.verify.record import record_corpus
from plywise.arena.verify.seed import verify_seeds
from plywise.conf.schemas.verify import RecordConfig, VerifyConfig
from plywise.datasets.battle_corpus import RecordedBattle, read_corpus
from plywise.datasets.errors import ConfigError
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.border.codec import BattleSetup, decode
from plywise.engine.battle.border.seeds import Gen5Generator, SeedError, parse_seed
from plywise.engine.battle.oracle import state_facts as facts
from plywise.engine.battle.oracle.replay import replay_seed

DATA = Path(__file__).parents[2] / "data"
TIES = DATA / "ties.jsonl.gz"  # ten battles of four kinds of teams, rich in ties
THEMES = DATA / "themes.jsonl.gz"
"""Battles of ``plywise record … theme=``, one of each fault that was found in some 400 of them."""


@pytest.fixture(scope="module")
def battles() -> list[RecordedBattle]:
    return list(read_corpus(TIES))


def test_a_seed_in_both_spellings() -> None:
    assert parse_seed("6796,6,47735,1") == parse_seed("gen5,1a8c0006ba770001")
    for wrong in ("sodium,00ff", "gen5,1a8c", "1,2,3,65536", ""):
        with pytest.raises(SeedError, match="16 hex digits are wanted"):
            parse_seed(wrong)


def test_the_generator_is_showdowns(battles: list[RecordedBattle]) -> None:
    """Every recorded draw, and the recorded state after it, follow from the state before."""
    for battle in battles:
        for step, following in zip(battle.steps, battle.steps[1:], strict=False):
            generator = Gen5Generator(parse_seed(step.seed))
            for draw in step.draws:
                assert draw.low + generator.below(draw.n) == draw.result
            assert generator.state == parse_seed(following.seed)


@pytest.mark.slow
def test_ties_by_script_and_from_the_seed() -> None:
    scripted = verify_corpus(VerifyConfig(corpus=str(TIES)))
    assert (scripted.rate, scripted.battles_exact) == (1.0, 10), scripted.finder.causes()[:10]
    report = verify_seeds(VerifyConfig(corpus=str(TIES)))
    assert (report.battles, report.battles_exact) == (10, 10), report.finder.causes()[:10]
    assert report.steps_exact == report.steps == scripted.transitions


@pytest.mark.slow
def test_themed_battles_from_the_seed() -> None:
    """Mirrored abilities and items of equal Speed, berries fed to others, weathers."""
    report = verify_seeds(VerifyConfig(corpus=str(THEMES)))
    assert (report.battles, report.battles_exact) == (30, 30), report.finder.causes()[:10]


def test_states_of_themed_battles_are_read() -> None:
    """What an ability remembers of a berry that was fed to it; the volatile of Normal Gem."""
    seen = set()
    for battle in read_corpus(THEMES):
        setup = BattleSetup.of(battle)
        for step in battle.steps:
            pool = decode(step.before, setup)
            found = facts.fact_differences(
                facts.dump_facts(step.before), facts.state_facts(pool, 0)
            )
            assert found == [], (battle.number, step.number)
            seen |= {what for (_, what), value in facts.dump_facts(step.before).items() if value}
            for side in step.before["S"]:
                ripen = side["P"][0].get("as", {})
                if "berryWeaken" in ripen:  # false: a berry of another kind
                    ripen["berryWeaken"] = True
                    pool = decode(step.before, setup)
                    read = facts.state_facts(pool, 0)
                    seen |= {what for (_, what), value in read.items() if value}
    assert {"ability state berryWeaken", "ability state berry", "illusion kept"} <= seen


@pytest.mark.server
@pytest.mark.parametrize("format", ["gen9randombattle", "gen9bssfactory"])
def test_a_fresh_corpus(tmp_path: Path, format: str) -> None:
    """Recorded now, with a seed that nothing was tuned to."""
    out = str(tmp_path / "fresh.jsonl.gz")
    path = record_corpus(
        RecordConfig(out=out, battles=4, seed=20_012, format=format, keepties=False)
    )
    report = verify_seeds(VerifyConfig(corpus=str(path)))
    assert (report.battles, report.battles_exact) == (4, 4), report.finder.causes()


def test_a_state_from_packed_teams_and_a_seed(battles: list[RecordedBattle]) -> None:
    battle = battles[0]
    state = BattleState.from_seed(*battle.packed_teams, battle.seed, battle.rules)
    expected = facts.dump_facts(battle.steps[0].before)
    assert facts.fact_differences(expected, facts.state_facts(state.pool, 0)) == []


def test_another_seed_is_another_battle(battles: list[RecordedBattle]) -> None:
    found = replay_seed(dataclasses.replace(battles[0], seed="1,2,3,4"))
    assert not found.exact
    assert found.check is not None


def test_a_wrong_state_is_found(battles: list[RecordedBattle]) -> None:
    battle = battles[0]
    spoilt = dataclasses.replace(battle.steps[3], seed="1,2,3,4")
    steps = (*battle.steps[:3], spoilt, *battle.steps[4:])
    found = replay_seed(dataclasses.replace(battle, steps=steps))
    assert (found.exact, found.steps) == (False, 2)
    assert found.check is not None
    assert found.check.draw is not None


def test_corpora_say_whether_ties_were_kept(battles: list[RecordedBattle]) -> None:
    assert not any(b.keep_ties for b in battles)
    assert all(b.keep_ties for b in read_corpus(DATA / "random.jsonl.gz"))


@pytest.mark.server
def test_kept_ties_are_refused(tmp_path: Path) -> None:
    path = record_corpus(RecordConfig(out=f"{tmp_path}/kept.jsonl.gz", battles=1, seed=7))
    with pytest.raises(ConfigError, match="keepties=false"):
        verify_seeds(VerifyConfig(corpus=str(path)))
    with pytest.raises(ConfigError, match="limit=0"):
        verify_seeds(VerifyConfig(corpus=str(path), limit=0))
