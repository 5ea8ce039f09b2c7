"""The engine against the real simulator: committed corpora, a fresh one, and spoilt records."""

import dataclasses
import gzip
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import SystemRandom

import pytest

from plywise.arena.cli import main as cli
from plywise.arena.verify.engine import verify_corpus
from plywise.arena.verify.record import record_corpus
from plywise.conf.schemas.verify import RecordConfig, VerifyConfig
from plywise.datasets import battle_corpus
from plywise.datasets.battle_corpus import Draw, RecordedBattle, RecordedStep, read_corpus
from plywise.datasets.errors import ConfigError
from plywise.engine.battle.border import codec
from plywise.engine.battle.oracle.replay import StepCheck, check_step, prepare_rules
from plywise.games.showdown.install import ensure_showdown, node_executable

DATA = Path(__file__).parents[2] / "data"
RANDOM = f"{DATA}/random.jsonl.gz"

# `found` holds the battles in which large fresh recordings showed mistakes, one of each kind.
EXACT = {"random": 1.0, "factory": 1.0, "fuzz": 1.0, "found": 1.0}


@pytest.mark.slow
@pytest.mark.parametrize("name", EXACT)
def test_share_of_exact_steps(name: str) -> None:
    report = verify_corpus(VerifyConfig(corpus=f"{DATA}/{name}.jsonl.gz"))
    assert report.rate >= EXACT[name], report.finder.causes()[:10]
    assert report.legal_mismatches == 0
    found = report.figures()
    assert found["transitions"] == report.transitions > 200
    assert sum(c.steps for c in report.finder.causes()) == report.transitions - report.exact


@pytest.mark.server
def test_a_fresh_corpus(tmp_path: Path) -> None:
    """Recorded now, with a seed of this run that nothing can have been tuned to."""
    seed = SystemRandom().randrange(20_000)
    path = record_corpus(RecordConfig(out=f"{tmp_path}/fresh.jsonl.gz", battles=3, seed=seed))
    report = verify_corpus(VerifyConfig(corpus=str(path)))
    assert report.battles == 3
    # 61,416 fresh steps were all exact: one wrong step in 200 would be rare, more would be a fault.
    assert report.rate >= 0.99, (seed, report.finder.causes()[:10])
    assert report.legal_mismatches == 0, seed


@pytest.mark.server
def test_recording_is_reproducible(tmp_path: Path) -> None:
    first = record_corpus(RecordConfig(out=f"{tmp_path}/a.jsonl.gz", battles=1, seed=7))
    second = record_corpus(RecordConfig(out=f"{tmp_path}/b.jsonl.gz", battles=1, seed=7))
    other = record_corpus(RecordConfig(out=f"{tmp_path}/c.jsonl.gz", battles=1, seed=8))
    assert list(read_corpus(first)) == list(read_corpus(second))
    assert list(read_corpus(first)) != list(read_corpus(other))


@pytest.mark.server
def test_themes_and_searches_in_recordings(tmp_path: Path) -> None:
    config = RecordConfig(
        out=f"{tmp_path}/a.jsonl.gz", battles=2, seed=7, theme=["damp", "explosion", "oranberry"],
        iterations=4, format="gen9ou", keepties=False,
    )  # fmt: skip
    battles = list(read_corpus(record_corpus(config)))
    for battle in battles:
        for s in (s for team in battle.teams() for s in team):
            assert (s.ability, s.item) == ("damp", "oranberry")
            assert "explosion" in s.moves
    mirrored, different = (b.packed_teams for b in battles)
    assert mirrored[0] == mirrored[1]
    assert different[0] != different[1]
    config.iterations = 0
    alone = list(read_corpus(record_corpus(config)))
    # Battle 1 is the search's for side 1; battle 0 of every four is left to chance.
    assert alone[0].steps == battles[0].steps
    assert alone[1].steps != battles[1].steps
    config.theme = ["no_such_thing"]
    with pytest.raises(ConfigError, match="theme: 'no_such_thing'"):
        record_corpus(config)


IMPRISONED = (
    "Garchomp|||RoughSkin|dragontail,earthquake|Serious|84,,84,84,84,84|M||||,,,,,Dragon",
    "Dialga|||Telepathy|imprison,earthquake,dragontail|Serious|252,84,252,84,252,84|N||||,,,,,Steel",
)
BENCH = "Mew|||Synchronize|softboiled,taunt,torment,imprison|||||||,,,,,Fire"


@pytest.mark.server
@pytest.mark.parametrize("bench", ["", f"]{BENCH}"], ids=["alone", "with a bench"])
def test_a_pokemon_without_a_move_struggles(tmp_path: Path, bench: str) -> None:
    """Imprison and Taunt can take all moves, and a request does not say so."""
    teams, out = tmp_path / "teams.txt", tmp_path / "struggle.jsonl.gz"
    teams.write_text("\n".join(team + bench for team in IMPRISONED))
    script = Path(battle_corpus.__file__).parent / "showdown" / "record.js"
    command = [node_executable(), script, ensure_showdown(), "6", "21350", out, "gen9randombattle"]
    subprocess.run([*map(str, command), "--keepties", f"--teams={teams}"], check=True)
    report = verify_corpus(VerifyConfig(corpus=str(out)))
    assert report.rate == 1.0, report.finder.causes()
    assert report.legal_mismatches == 0
    struggles = [
        step
        for battle in read_corpus(out)
        for step in battle.steps
        if any("|Struggle|" in line for line in step.log)
    ]
    assert len(struggles) >= 3
    for step in struggles:
        listed = [[c for c in legal or () if c.startswith("move")] for legal in step.legal]
        assert ["move 1"] in listed


def test_arguments_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="battles=0"):
        record_corpus(RecordConfig(out=f"{tmp_path}/a.jsonl.gz", battles=0, seed=1))
    with pytest.raises(ConfigError, match="no format of generation 9 is called 'gen1ou'"):
        record_corpus(
            RecordConfig(out=f"{tmp_path}/a.jsonl.gz", battles=1, seed=1, format="gen1ou")
        )
    with pytest.raises(ConfigError, match=r"must end in \.gz"):
        record_corpus(RecordConfig(out=f"{tmp_path}/a.jsonl", battles=1, seed=1))
    with pytest.raises(ConfigError, match="jobs=0"):
        verify_corpus(VerifyConfig(corpus=RANDOM, jobs=0))
    with pytest.raises(ConfigError, match="name its battle too"):
        verify_corpus(VerifyConfig(corpus=RANDOM, step=3))


# --- a check that cannot fail proves nothing ---------------------------------------------------


@pytest.fixture(scope="module")
def exact_attack() -> tuple[RecordedBattle, RecordedStep]:
    """Return a step that is exact and holds a hit with all its draws."""
    prepare_rules()
    for battle in read_corpus(DATA / "random.jsonl.gz"):
        setup = codec.BattleSetup.of(battle)
        for step in battle.steps:
            numerators = [d.numerator for d in step.draws]
            if len(numerators) < 3 or numerators[:1] == [-1]:
                continue
            if check_step(codec.decode(step.before, setup), 0, step).exact:
                return battle, step
    pytest.fail("no exact attack in the committed corpus")


def replay(found: tuple[RecordedBattle, RecordedStep], step: RecordedStep) -> StepCheck:
    pool = codec.decode(step.before, codec.BattleSetup.of(found[0]))
    return check_step(pool, 0, step)


def changed_draw(step: RecordedStep, **changes: int) -> RecordedStep:
    first: Draw = dataclasses.replace(step.draws[0], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(step, draws=(first, *step.draws[1:]))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda s: changed_draw(s, numerator=s.draws[0].numerator - 1),
        lambda s: changed_draw(s, numerator=-1),
        lambda s: changed_draw(s, n=s.draws[0].n + 1),
        lambda s: dataclasses.replace(s, draws=s.draws[:-1]),
        lambda s: dataclasses.replace(s, draws=(*s.draws, s.draws[0])),
    ],
    ids=["numerator", "plain", "range", "missing", "left over"],
)
def test_a_wrong_draw_is_found(
    exact_attack: tuple[RecordedBattle, RecordedStep],
    spoil: Callable[[RecordedStep], RecordedStep],
) -> None:
    assert replay(exact_attack, spoil(exact_attack[1])).draw is not None


def test_a_wrong_state_is_found(exact_attack: tuple[RecordedBattle, RecordedStep]) -> None:
    step = exact_attack[1]
    after = json.loads(json.dumps(step.after))
    after["S"][0]["P"][2]["hp"] -= 1
    after["S"][1]["P"][0].setdefault("vo", {})["taunt"] = {"duration": 2}
    check = replay(exact_attack, dataclasses.replace(step, after=after))
    assert {what for _, what, _, _ in check.differences} >= {"hp"}
    assert not check.exact


def test_wrong_legal_choices_are_found(
    exact_attack: tuple[RecordedBattle, RecordedStep],
) -> None:
    step = exact_attack[1]
    legal = step.legal[0]
    assert legal is not None
    fewer = (tuple(c for c in legal if c != legal[-1]), step.legal[1])
    check = replay(exact_attack, dataclasses.replace(step, legal=fewer))
    assert [m.side for m in check.legal] == [0]


def test_one_step_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    from rich.console import Console

    console = Console(width=100, color_system=None)
    report = verify_corpus(VerifyConfig(corpus=RANDOM, battle=2, step=5), console)
    assert report.transitions == 1
    shown = capsys.readouterr().out
    assert "turn" in shown
    assert "choices: " in shown
    with pytest.raises(ConfigError, match="has steps 0 to"):
        verify_corpus(VerifyConfig(corpus=RANDOM, battle=2, step=5000))


# --- from the command line ---------------------------------------------------------------------


def run_verify(*arguments: str) -> int:
    return cli.main(["verify", "engine", *arguments])


@pytest.mark.slow
def test_verify_from_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run_verify(str(DATA / "factory.jsonl.gz"), "--jobs", "2", "--limit", "60") == 0
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert found["transitions"] == found["exact"] == 60
    assert found.keys() >= {
        *("transitions", "exact", "rate", "battles", "battles_exact"),
        *("legal_mismatches", "draw_mismatches"),
    }
    assert run_verify(str(DATA / "random.jsonl.gz"), "--battle", "2", "--step", "5") == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("turn ")
    assert "exact" in shown
    assert json.loads(shown[-1])["transitions"] == 1
    assert run_verify(str(DATA / "random.jsonl.gz"), "--battle", "99") == 2
    assert "battle=99: there is no such battle" in capsys.readouterr().err


def cut_line(lines: list[str]) -> None:
    lines[-1] = lines[-1][: len(lines[-1]) // 2]


def unknown_move(lines: list[str]) -> None:
    entry = json.loads(lines[2])
    entry["s1"]["S"][0]["P"][3]["mv"][0][0] = "splashier"
    lines[2] = json.dumps(entry)


def impossible_hp(lines: list[str]) -> None:
    entry = json.loads(lines[4])
    entry["s1"]["S"][1]["P"][0]["hp"] = 9999
    lines[4] = json.dumps(entry)


def wrong_version(lines: list[str]) -> None:
    entry = json.loads(lines[0])
    entry["version"] = "0.11.9"
    lines[0] = json.dumps(entry)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("spoil", "line", "reason"),
    [
        (cut_line, -1, "the line is cut off or not JSON"),
        (unknown_move, 3, "unknown move 'splashier'"),
        (impossible_hp, 5, "impossible HP 9999"),
        (wrong_version, 1, "pokemon-showdown 0.11.9"),
    ],
)
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_bad_corpus_is_refused_with_line_and_reason(
    spoil: Callable[[list[str]], None],
    line: int,
    reason: str,
    jobs: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    lines = gzip.decompress((DATA / "factory.jsonl.gz").read_bytes()).decode().splitlines()
    spoil(lines)
    path = tmp_path / "bad.jsonl"
    path.write_text("\n".join(lines) + "\n")
    assert run_verify(str(path), "--jobs", jobs) == 1
    error = capsys.readouterr().err
    complaint = [text for text in error.splitlines() if text.startswith("plywise: ")]
    assert len(complaint) == 1
    assert f"line {line if line > 0 else len(lines)}: " in complaint[0]
    assert reason in complaint[0]
    assert "Traceback" not in error
