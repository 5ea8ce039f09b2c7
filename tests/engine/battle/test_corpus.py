"""The corpus reader, teams, and the codec between dumps and flat states, on committed corpora."""

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.datasets import pokemon_sets
from plywise.datasets.battle_corpus import CorpusError, RecordedBattle, read_corpus
from plywise.datasets.pokemon_sets import PokemonSet, TeamError, random_battle_sets
from plywise.datasets.showdown_data import UnknownNameError, load, to_id
from plywise.engine.battle.border import codec, teams
from plywise.engine.battle.constants import ACTION_FORCED, ACTION_PASS, NUM_ACTIONS
from plywise.engine.battle.oracle import state_facts as facts

DATA = Path(__file__).parents[2] / "data"
CORPORA = ("random", "factory", "fuzz")


def corpus(name: str) -> Path:
    return DATA / f"{name}.jsonl.gz"


@pytest.fixture(scope="module")
def battles() -> dict[str, list[RecordedBattle]]:
    return {name: list(read_corpus(corpus(name))) for name in CORPORA}


def every_battle(battles: dict[str, list[RecordedBattle]]) -> list[RecordedBattle]:
    return [b for found in battles.values() for b in found]


# --- reading ---------------------------------------------------------------------------------


def test_committed_corpora_are_sound(battles: dict[str, list[RecordedBattle]]) -> None:
    assert {name: len(found) for name, found in battles.items()} == {
        "random": 8,
        "factory": 3,
        "fuzz": 5,
    }
    for battle in every_battle(battles):
        assert battle.steps[0].number == 0
        assert "win" in battle.steps[-1].after
        for before, after in zip(battle.steps, battle.steps[1:], strict=False):
            assert before.after is after.before


def lines_of(name: str, count: int) -> list[dict[str, Any]]:
    with gzip.open(corpus(name), "rt") as file:
        return [json.loads(next(file)) for _ in range(count)]


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def change_hp(lines: list[dict[str, Any]]) -> None:
    lines[2]["s1"]["S"][1]["P"][0]["hp"] = 9999


def change_move(lines: list[dict[str, Any]]) -> None:
    lines[2]["s1"]["S"][0]["P"][3]["mv"][0][0] = "splashier"


def change_species(lines: list[dict[str, Any]]) -> None:
    lines[1]["s0"]["S"][0]["P"][1]["sp"] = "missingno"


def change_version(lines: list[dict[str, Any]]) -> None:
    lines[0]["version"] = "0.11.9"


def change_format(lines: list[dict[str, Any]]) -> None:
    lines[0]["fmt"] = "gen8randombattle"


def change_numerator(lines: list[dict[str, Any]]) -> None:
    lines[3]["r"][0][1] = float("nan")


def change_draw(lines: list[dict[str, Any]]) -> None:
    lines[3]["r"] = [["randomChance<hitStepAccuracy|:", 95, 0, 100, 100]]


def change_choice(lines: list[dict[str, Any]]) -> None:
    lines[2]["c"][0] = "move 9"


def lose_line(lines: list[dict[str, Any]]) -> None:
    del lines[2]


def lose_key(lines: list[dict[str, Any]]) -> None:
    del lines[3]["leg"]


def change_team(lines: list[dict[str, Any]]) -> None:
    lines[0]["teams"][1] = lines[0]["teams"][1].replace("|", "", 1)


@pytest.mark.parametrize(
    ("change", "line", "reason"),
    [
        (change_hp, 3, "impossible HP 9999"),
        (change_move, 3, "unknown move 'splashier'"),
        (change_species, 2, "unknown species 'missingno'"),
        (change_version, 1, "pokemon-showdown 0.11.9"),
        (change_format, 1, "not a generation 9 format"),
        (change_draw, 4, "outside its range"),
        (change_numerator, 4, "a number of the wrong kind"),
        (change_choice, 3, "move 9"),
        (lose_line, 3, "lines are missing"),
        (lose_key, 4, "without leg"),
        (change_team, 1, "12 fields are wanted"),
    ],
)
def test_bad_line_is_refused_with_its_number(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], None], line: int, reason: str
) -> None:
    lines = lines_of("random", 6)
    change(lines)
    path = write(tmp_path / "bad.jsonl", lines)
    with pytest.raises(CorpusError) as caught:
        list(read_corpus(path))
    assert f"line {line}: " in str(caught.value)
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("key", ["log", "raw", "req"])
def test_a_battle_with_a_value_of_the_wrong_kind_is_refused(tmp_path: Path, key: str) -> None:
    lines = lines_of("random", 200)
    heads = [number for number, line in enumerate(lines) if line["k"] == "b"]
    lines[0][key] = 7
    for number, whole in enumerate((lines[: heads[1]], lines)):  # the last battle, and another
        path = write(tmp_path / f"{number}.jsonl", whole)
        with pytest.raises(CorpusError, match=r"line 1: a value of the wrong kind"):
            next(read_corpus(path))


def test_cut_off_files_are_refused(tmp_path: Path) -> None:
    whole = corpus("random").read_bytes()
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CorpusError, match=r"line \d+: the compressed file is cut off"):
        list(read_corpus(cut))

    text = gzip.decompress(whole).decode()
    line = tmp_path / "line.jsonl"
    line.write_text(text[: len(text) // 2])
    with pytest.raises(CorpusError, match=r"line \d+: the line is cut off or not JSON"):
        list(read_corpus(line))

    early = tmp_path / "early.jsonl"
    early.write_text("".join(text.splitlines(keepends=True)[:20]))
    with pytest.raises(CorpusError, match="stops before its end"):
        list(read_corpus(early))


def test_files_that_are_no_corpus(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="No such file"):
        list(read_corpus(tmp_path / "missing.jsonl"))
    with pytest.raises(CorpusError, match="Is a directory"):
        list(read_corpus(tmp_path))
    (tmp_path / "plain.gz").write_text("hello")
    with pytest.raises(CorpusError, match="not a gzip file"):
        list(read_corpus(tmp_path / "plain.gz"))
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(CorpusError, match="empty"):
        list(read_corpus(tmp_path / "empty.jsonl"))
    (tmp_path / "other.jsonl").write_text('{"a": 1}\n')
    with pytest.raises(CorpusError, match="line 1: neither a battle"):
        list(read_corpus(tmp_path / "other.jsonl"))


# --- teams -----------------------------------------------------------------------------------


def test_stats_hp_and_pp_are_the_simulators(battles: dict[str, list[RecordedBattle]]) -> None:
    for battle in every_battle(battles):
        pool = teams.unstarted(battle.teams(), battle.format, rng=Random(1))
        before = battle.steps[0].before
        for side in range(2):
            for mon in before["S"][side]["P"]:
                ours = pool[0].sides[side].mons[mon["i"]]
                assert int(ours.max_hp) == mon["mhp"]
                assert [int(pp) for pp in ours.pp if pp] == [slot[2] for slot in mon["mv"]]
                if "act" not in mon:  # a lead may have changed its forme already
                    assert [int(x) for x in ours.stats] == mon["st"]
                    assert int(ours.tera_type) == teams.type_number(mon["tt"])


def test_packed_teams_round_trip(
    pack_team: Callable[[Sequence[pokemon_sets.PokemonSet]], str],
) -> None:
    prior = random_battle_sets()
    for k in range(50):
        team = prior.team(k)
        packed = pack_team(team)
        again = pokemon_sets.parse_packed_team(packed)
        assert pack_team(again) == packed
        assert [(s.species, s.moves, s.evs, s.tera_type, s.gender) for s in again] == [
            (s.species, s.moves, s.evs, s.tera_type, s.gender) for s in team
        ]


def test_random_battle_prior() -> None:
    prior = random_battle_sets()
    assert prior.version == load().version
    assert sum(prior.counts) == 6 * prior.generated_teams
    for species, rows in prior.by_species.items():
        assert all(prior.sets[row].species == species for row in rows)
    team = prior.random_team(Random(7))
    assert team == prior.random_team(Random(7))
    assert len(team) == 6
    assert all(s.gender in "MFN" for s in team)


def make_set(**changes: Any) -> PokemonSet:
    fields: dict[str, Any] = {
        "species": "pikachu",
        "level": 80,
        "ability": "static",
        "item": "lightball",
        "tera_type": "Electric",
        "moves": ("thunderbolt",),
        "evs": (85,) * 6,
        "ivs": (31,) * 6,
        "gender": "M",
    }
    return PokemonSet(**(fields | changes))


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"species": "missingno"}, UnknownNameError, "unknown species"),
        ({"ability": "flying"}, UnknownNameError, "unknown ability"),
        ({"item": "bread"}, UnknownNameError, "unknown item"),
        ({"moves": ("splashier",)}, UnknownNameError, "unknown move"),
        ({"moves": ()}, TeamError, "1 to 4 moves"),
        ({"level": 101}, TeamError, "level 101"),
        ({"evs": (256,) * 6}, TeamError, "EVs"),
        ({"nature": "sleepy"}, TeamError, "unknown nature"),
        ({"gender": ""}, TeamError, "gender is open"),
    ],
)
def test_bad_sets_are_refused(changes: dict[str, Any], error: type[Exception], reason: str) -> None:
    with pytest.raises(error, match=reason):
        teams.unstarted(((make_set(),), (make_set(**changes),)), "gen9randombattle")


def test_names() -> None:
    assert to_id("King's Shield") == "kingsshield"
    assert load().species_id("Minior-Violet") == "minior"
    with pytest.raises(UnknownNameError):
        load().species_id("MissingNo.")


# --- codec -----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORPORA)
def test_states_hold_every_fact_of_the_dumps(
    name: str, battles: dict[str, list[RecordedBattle]]
) -> None:
    for battle in battles[name]:
        setup = codec.BattleSetup.of(battle)
        for step in battle.steps[::3]:
            pool = codec.decode(step.after, setup)
            expected, got = facts.dump_facts(step.after), facts.state_facts(pool, 0)
            assert facts.fact_differences(expected, got) == []


def test_sides_decoded_before_are_taken_only_where_they_are_the_same(
    battles: dict[str, list[RecordedBattle]],
) -> None:
    battle = battles["random"][1]
    setup = codec.BattleSetup.of(battle)
    for step in battle.steps[::4]:
        decoded: codec.Sides = {}
        changed = json.loads(json.dumps(step.before))
        for mon in changed["S"][1]["P"]:
            mon["hp"] = min(mon["hp"], 1)
        for dump in (step.before, changed, step.before, step.before):
            pool = codec.decode(dump, setup, decoded=decoded)
            assert pool.tobytes() == codec.decode(dump, setup).tobytes()
        assert sorted(decoded) == [0, 1]


def test_an_unknown_key_of_a_dump_cannot_be_missed(
    battles: dict[str, list[RecordedBattle]],
) -> None:
    battle = battles["random"][0]
    dump = json.loads(json.dumps(battle.steps[0].before))
    dump["S"][0]["P"][0]["brandnew"] = 1
    pool = codec.decode(dump, codec.BattleSetup.of(battle))
    found = facts.fact_differences(facts.dump_facts(dump), facts.state_facts(pool, 0))
    assert [what for _, what, _, _ in found] == ["unknown key brandnew"]


def test_choices_are_distinct_actions(battles: dict[str, list[RecordedBattle]]) -> None:
    for battle in every_battle(battles):
        for step in battle.steps:
            for side in range(2):
                legal = step.legal[side] or ()
                actions = [codec.action_of(c, step.before, side) for c in legal]
                assert all(0 <= a < NUM_ACTIONS for a in actions)
                if ACTION_FORCED not in actions:  # Struggle's Terastallization is ignored
                    assert len(set(actions)) == len(legal)
                assert (actions == [ACTION_PASS]) == (legal == ("pass",))
