"""Sound files of every kind that Plywise reads, and the command lines that read them."""

from __future__ import annotations

import gzip
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.bench.decisions import COMMITTED, load_decisions
from plywise.arena.bench.puzzles.files import load_puzzles
from plywise.arena.bench.reference import load_reference
from plywise.arena.cli.main import main
from plywise.arena.output.files import RecordWriter
from plywise.arena.selfplay import load_selfplay
from plywise.conf.schemas.game import GameConfig
from plywise.conf.schemas.llm import NoLLMGroup, OpenAIGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.datasets.teams.files import backup_text, packed_text, read_teams
from plywise.datasets.teams.own import teams_of
from plywise.games.showdown.player import DecisionRecord
from plywise.llm_modules.providers.fuzz import Fuzz
from plywise.llm_modules.providers.mock import MockEndpoint

Words = tuple[str, ...]
ROOT = Path(__file__).parents[2]
_LLM = ("agent=llm_search", "llm=openai", "llm.model=m", "llm.base_url=http://127.0.0.1:9/v1",
        "side=none", "search.seconds=0.05", "llm.seconds=0.05")  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """A sound file, and how it is read.

    Attributes:
        name: the file's name; ``commands`` read the file of that name.
        content: its bytes.
        form: json, lines, text, yaml, python, sqlite, gzip or zip.
        code: exit code of the commands while it is sound.
        read: reads the file where no command does.
    """

    name: str
    content: bytes
    form: str
    commands: tuple[Words, ...]
    code: int = 0
    read: Callable[[Path], object] | None = None


def samples(*, quick: bool = False) -> list[Sample]:
    """Return samples: one of each kind, or (``quick``) those that need no compiled kernel."""
    found = list(_texts())
    with tempfile.TemporaryDirectory() as name, chdir(name), redirect_stdout(StringIO()):
        folder = Path(name)
        found += _games(folder, {"tic_tac_toe": _PLAIN} if quick else _GAMES)
        found += _tournaments(folder, {"tic_tac_toe": _PLAIN} if quick else _TOURNAMENTS)
        found.append(_plugin(folder))
        if not quick:
            found += [*_of_language_models(folder), _decisions(folder), _selfplay(folder)]
            found += [_positions(), _analysed(), *_corpora(), *_battle_decisions()]
    return found


def nim() -> bytes:
    """Return the complete game of ``docs/PLUGIN.md``."""
    page = (ROOT / "docs" / "PLUGIN.md").read_text(encoding="utf-8")
    found = re.search(r"```python\n(.*?)```", page, re.DOTALL)
    assert found is not None
    return found[1].encode()


def _run(*words: str) -> None:
    assert main(words) == 0, words


_TEAM_JSON = (
    b'[{"name": "A", "species": "Mew", "item": "Leftovers", "ability": "Synchronize", "moves": '
    b'["Surf", "Fly"], "nature": "Timid", "gender": "N", "evs": {"hp": 252, "spe": 4}, "ivs": '
    b'{"atk": 0}, "level": 50, "shiny": true, "happiness": 3, "teraType": "Water"}]'
)
_BATTLE = b"""|player|p1|Ann|1|
|player|p2|Bob|2|
|gametype|singles
|gen|9
|tier|[Gen 9] Random Battle
|start
|switch|p1a: Mew|Mew, L82|100/100
|switch|p2a: Pikachu|Pikachu, L93, M|100/100
|turn|1
|
|move|p2a: Pikachu|Surf|p1a: Mew
|-damage|p1a: Mew|80/100
|move|p1a: Mew|Psychic|p2a: Pikachu
|-damage|p2a: Pikachu|0 fnt
|faint|p2a: Pikachu
|win|Ann
"""
_USAGE = json.dumps({
    "info": {"metagame": "gen9ou", "cutoff": 1695.0, "number of battles": 10},
    "data": {
        name: {
            "Raw count": 5, "usage": 0.5, "Abilities": {"pressure": 2.0}, "Items": {"nothing": 2.0},
            "Moves": {"surf": 2.0, "fly": 1.0}, "Spreads": {"Jolly:0/252/4/0/0/252": 2.0},
            "Tera Types": {"steel": 2.0}, "Teammates": {"Mew": 1.5}, "Checks and Counters": {},
        }
        for name in ("Mew", "Pikachu")
    },
}).encode()  # fmt: skip
_PLAIN = ("search=mcts", "search.seconds=null", "search.iterations=2")
_GAMES = {
    "tic_tac_toe": ("search.max_depth=1", "explain=true"),
    "connect_four": ("search.max_depth=1", "game.rows=4", "game.columns=4"),
    "othello": ("search.max_depth=1",),
    "gomoku": ("search.max_depth=1", "game.rows=4", "game.columns=4", "game.in_line=3"),
    "goofspiel": ("search.seconds=null", "search.iterations=5", "game.order=random"),
    "battleship": ("search.seconds=null", "search.iterations=2", "game.rows=4", "game.columns=4",
                   "game.fleet=[2]"),
    "gen9randombattle": ("search.seconds=null", "search.iterations=1", "explain=true",
                         "search.worlds=1"),
}  # fmt: skip
_TOURNAMENTS = {
    "tic_tac_toe": ("search.max_depth=1", "agents=[random,search,{name:search,max_depth:2}]"),
    "goofspiel": ("game.cards=3", "search.iterations=10", "search.seconds=null"),
    "gen9randombattle": ("search.iterations=1", "search.seconds=null", "search.worlds=1"),
}


def _games(folder: Path, games: Mapping[str, Words]) -> Iterator[Sample]:
    for name, settings in games.items():
        place = f"played/{name}"
        _run("play", f"game={name}", "llm=none", "side=none", f"hydra.run.dir={place}", *settings)
        (path,) = (folder / place).glob("*.json")
        yield Sample(
            "game.json", path.read_bytes(), "json",
            (("replay", "game.json"), ("replay", "game.json", "explain=true", "side=second")),
        )  # fmt: skip


def _plugin(folder: Path) -> Sample:
    return Sample(
        "nim.py", nim(), "python",
        (("play", "game=path:nim.py", "llm=none", "side=none", *_PLAIN),
         ("tournament", "game=path:nim.py", *_PLAIN, "tournament.pairs=1",
          "tournament.executor=inline")),
    )  # fmt: skip


def _selfplay(folder: Path) -> Sample:
    _run("selfplay", "game=tic_tac_toe", "search.max_depth=1", "games=2", "out=games.npz")
    return Sample("games.npz", (folder / "games.npz").read_bytes(), "zip", (), read=load_selfplay)


def _tournaments(folder: Path, tournaments: Mapping[str, Words]) -> Iterator[Sample]:
    for game, settings in tournaments.items():
        words = ("tournament", f"game={game}", "tournament.pairs=2", "tournament.executor=inline",
                 "tournament.record=record.sqlite", *settings)  # fmt: skip
        _run(*words, "hydra.run.dir=made")
        path = folder / "record.sqlite"
        content = path.read_bytes()
        path.unlink()
        commands: tuple[Words, ...] = (("report", "record.sqlite", "report.html"), words)
        if game != "tic_tac_toe":  # the quick samples compile nothing
            commands += (("luck", "record.sqlite", "iterations=0", "samples=1"),)
        yield Sample("record.sqlite", content, "sqlite", commands)


def _decisions(folder: Path) -> Sample:
    search = SimultaneousGroup(seconds=None, iterations=20, worlds=2)
    path = folder / "decisions.jsonl"
    with MockEndpoint(Fuzz(1, 0.0)) as endpoint, RecordWriter(path) as record:
        llm = OpenAIGroup(base_url=endpoint.base_url, model="m", trust=1.0)
        for model, name in ((NoLLMGroup(), "search"), (llm, "llm_search")):
            factory = AgentFactory(GameConfig("gen9randombattle"), search, model)
            agent = factory.build(agent_config(name))
            for seed in (1, 2):
                state = factory.game.new_initial_state(seed)
                decision = agent.decide(state.view(0), 0, seed)
                text = state.view(0).serialize()
                record.write(
                    DecisionRecord("battle-1", seed, 6.0, 6.0, 6, 6, "a", "b", "", "", "move 1",
                                   decision, 0.1, "", text)
                )  # fmt: skip
            factory.close()
        record.write(
            DecisionRecord("battle-2", 1, 6.0, 6.0, 6, 6, "a", "b", "", "", "move 1", None, 0.1,
                           "it failed", text)
        )  # fmt: skip
    reads = ("explain", "decisions.jsonl")
    return Sample(path.name, path.read_bytes(), "lines", (reads, (*reads, "prompts=true")))


def _of_language_models(folder: Path) -> Iterator[Sample]:
    with MockEndpoint(Fuzz(2, 0.0)) as endpoint:
        for _ in range(2):
            _run("play", "game=tic_tac_toe", *_LLM[:3], f"llm.base_url={endpoint.base_url}",
                 "side=none", "search.max_depth=1", "search.seconds=null", "llm.timeout=1",
                 "llm.record=calls.jsonl", "llm.cache=answers.sqlite", "llm.trust=1")  # fmt: skip
        _run("llm", "calibrate", "llm=openai", "llm.model=m", f"llm.base_url={endpoint.base_url}",
             "games=tic_tac_toe", "questions=4", "llm.calibration=measured.json",
             "llm.timeout=1")  # fmt: skip
    play = ("play", "game=tic_tac_toe", *_LLM)
    yield Sample(
        "calls.jsonl", (folder / "calls.jsonl").read_bytes(), "lines",
        (("play", "game=tic_tac_toe", "agent=llm_search", "llm=openai", "llm.model=m", "side=none",
          "search.max_depth=1", "search.seconds=null", "llm.replay=calls.jsonl", "llm.trust=1"),),
    )  # fmt: skip
    cache = (folder / "answers.sqlite").read_bytes()
    yield Sample("answers.sqlite", cache, "sqlite", ((*play, "llm.cache=answers.sqlite"),))
    yield Sample(
        "measured.json", (folder / "measured.json").read_bytes(), "json",
        ((*play, "llm.calibration=measured.json"),),
    )  # fmt: skip


def _texts() -> Iterator[Sample]:
    results = "player_a,player_b,score_a,first,pair\n" + "".join(
        f"p{n % 4},p{(n * 3 + 1) % 4},{(n % 3) / 2},{'a' if n % 2 else ''},{n // 2}\n"
        for n in range(40)
        if n % 4 != (n * 3 + 1) % 4
    )
    yield Sample(
        "results.csv", results.encode(), "text",
        (("ratings", "results.csv"),
         ("ratings", "results.csv", "method=bootstrap", "resamples=40")),
    )  # fmt: skip
    yield Sample(
        "squares.txt", b"1 0\n159\n- 0\n", "text", (("solve", "tic_tac_toe", "squares.txt"),)
    )
    teams = backup_text(teams_of("gen9ou")[:2])
    check = ("team", "check", "teams.txt", "format=gen9ou")
    yield Sample("teams.txt", teams.encode(), "text", (check,))
    packed = "".join(f"{packed_text(team.sets)}\n" for team in teams_of("gen9ou")[:2])
    yield Sample("packed.txt", packed.encode(), "text", (), read=read_teams)
    yield Sample("team.json", _TEAM_JSON, "json", (), read=read_teams)
    usage = ("data", "usage", "usage.json", "format=ou")
    yield Sample("usage.json", _USAGE, "json", (usage,))
    yield Sample("battle.log", _BATTLE, "text", (("data", "replays", "battle.log", "decisions"),))
    option = b"defaults: [alphabeta_schema, _self_]\nseconds: 0.5\nmax_depth: 3\ntable_bits: 16\n"
    play = ("play", "game=tic_tac_toe", "llm=none", "side=none")
    yield Sample(
        "own/search/quick.yaml", option, "yaml",
        ((*play, "--config-dir", "own", "search=quick"),
         ("play", "--help", "search=quick", "--config-dir", "own")),
    )  # fmt: skip
    preset = b"# @package _global_\ndefaults: [/tournament/standard]\nagents: [random, search]\n"
    yield Sample(
        "own/tournament/mine.yaml", preset + b"tournament: {pairs: 1, executor: inline}\n", "yaml",
        (("tournament", "game=tic_tac_toe", "--config-dir", "own", "tournament=mine",
          "search.max_depth=1"),),
    )  # fmt: skip
    yield Sample(
        "model.gguf", b"GGUF\x03\0\0\0" + bytes(range(256)), "text",
        (("play", "game=tic_tac_toe", "llm=embedded", "llm.model_path=model.gguf", "side=none",
          "agent=llm_search", "search.max_depth=1"),),
        code=1,
    )  # fmt: skip


def _positions() -> Sample:
    columns = "# positions\n44332 \n4444\n-\n12345\n7654321\n"
    return Sample(
        "positions.txt", columns.encode(), "text",
        (("solve", "connect_four", "positions.txt", "rows=4", "columns=7", "table_bits=16"),),
    )  # fmt: skip


def _analysed() -> Sample:
    words = ("analyse", "replay.log", "iterations=20", "seeds=1", "worlds=1", "page=a.html")
    return Sample("replay.log", _BATTLE, "text", (words,))


def _battle_decisions() -> Iterator[Sample]:
    decisions = load_decisions(COMMITTED)
    for name, read in (
        ("decisions.npz", lambda path: load_decisions(path.parent)),
        ("reference.npz", lambda path: load_reference(path.parent, decisions)),
        ("puzzles.npz", load_puzzles),
    ):
        yield Sample(name, (COMMITTED / name).read_bytes(), "zip", (), read=read)


def _corpora() -> Iterator[Sample]:
    for name in ("random", "fuzz"):
        with gzip.open(
            ROOT / "tests" / "data" / f"{name}.jsonl.gz", "rt", encoding="utf-8"
        ) as file:
            lines = file.readlines()
        heads = [n for n, line in enumerate(lines) if json.loads(line)["k"] == "b"]
        one = "".join(lines[: heads[1]]).encode()
        for what in ("engine", "seed", "log", "coverage"):
            yield Sample("corpus.jsonl", one, "lines", (("verify", what, "corpus.jsonl"),))
        packed = gzip.compress(one, mtime=0)
        yield Sample("corpus.jsonl.gz", packed, "gzip", (("verify", "engine", "corpus.jsonl.gz"),))


os.environ.setdefault("OPENAI_API_KEY", "none")
