"""Battles between our own agents of six kinds, written as logs: data for predictions of actions.

Players come in *circles*: each circle has one player of each kind, with settings of its own, and
they only play each other.  So players can be held out without leaving out battles: a circle is
whole in one part of a split.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

from plywise.arena.agents.catalog import agent_config
from plywise.arena.agents.factory import AgentFactory
from plywise.arena.output.files import write_whole, writing
from plywise.arena.play.stepper import GameInProgress
from plywise.arena.replays.share import key_of
from plywise.conf.schemas.agents import AgentConfig
from plywise.conf.schemas.game import Gen9Config
from plywise.conf.schemas.llm import NoLLMGroup
from plywise.conf.schemas.search import SimultaneousGroup
from plywise.datasets.processes.temporary import replacing
from plywise.engine.battle.log.preview_lines import preview_lines
from plywise.games.base import NO_ACTION
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.replays.written import BattleLogText
from plywise.games.gen9.state import Gen9State

PLAYER_KINDS = ("random", "max_damage", "rules", "policy", "value", "search")
"""Kinds of players: see :func:`player_settings`."""

PAIRINGS = tuple(combinations(range(len(PLAYER_KINDS)), 2))
_SEARCHES = (100, 200, 400)  # iterations
_WORLDS = 8


@dataclass(frozen=True)
class CirclePlayer:
    """A player of the made battles.

    Attributes:
        name: as in the logs.
        kind: one of ``PLAYER_KINDS``.
        agent: its settings.
    """

    name: str
    kind: str
    agent: AgentConfig


def player_settings(kind: str, rng: Random) -> dict[str, Any]:
    """Return the settings of an agent of a kind, drawn from a few."""
    if kind == "search":
        more = {"worlds": _WORLDS, "opponent_prior": rng.choice((0.0, 0.5))}
        return {"name": "search", "iterations": rng.choice(_SEARCHES), "search": more}
    if kind in ("rules", "policy", "value"):
        loose = {"rules": (0.0, 0.1, 0.2), "policy": (0.4, 0.7, 1.0), "value": (0.01, 0.03, 0.06)}
        return {"name": "one_ply", "by": kind, "temperature": rng.choice(loose[kind])}
    return {"name": kind}


def circle_players(circle: int, seed: int) -> list[CirclePlayer]:
    """Return the players of a circle, in the order of ``PLAYER_KINDS``."""
    rng = Random(f"{seed} circle {circle}")
    return [
        CirclePlayer(
            f"{kind.replace('_', ' ')} {seed}-{circle}",
            kind,
            agent_config(**player_settings(kind, rng)),
        )
        for kind in PLAYER_KINDS
    ]


def make_battles(
    out: Path, format: str, battles: int, seed: int, on_progress: Callable[[str], None]
) -> int:
    """Play battles and write ``battles.jsonl`` and ``players.csv`` into a folder.

    Args:
        out: folder.
        format: id of the format.
        battles: number of them; 15 are a circle.
        seed: of teams, players and chance.
        on_progress: called with a line about how far it is.

    Returns:
        number of battles written.

    Raises:
        RecordFileError: the disk refuses it.
        PlywiseError: the format cannot be played.
    """
    game = Gen9Battle(format)
    search = SimultaneousGroup(seconds=None, iterations=_SEARCHES[0])
    factory = AgentFactory(Gen9Config(format=game.format), search, NoLLMGroup())
    began = time.monotonic()
    with writing(out / "battles.jsonl") as file, replacing(file) as part, part.open("wb") as lines:
        for number in range(battles):
            record = played_battle(game, factory, number, seed)
            lines.write(json.dumps(record).encode() + b"\n")
            spent = time.monotonic() - began
            left = spent / (number + 1) * (battles - number - 1)
            on_progress(f"{number + 1} of {battles} battles, {left / 60:.0f} min left")
    factory.close()
    rows = ["player_key,name,kind,agent"]
    for player in _players(battles, seed):
        words = player.agent.title.replace('"', "'")
        rows.append(f'{key_of(_user(player.name))},{player.name},{player.kind},"{words}"')
    write_whole(out / "players.csv", "\n".join(rows) + "\n")
    return battles


def _players(battles: int, seed: int) -> Iterator[CirclePlayer]:
    for circle in range(-(-battles // len(PAIRINGS))):
        yield from circle_players(circle, seed)


def _user(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


def played_battle(
    game: Gen9Battle, factory: AgentFactory, number: int, seed: int
) -> dict[str, Any]:
    """Play battle ``number`` and return it in the form of the replay site's JSON."""
    circle, place = divmod(number, len(PAIRINGS))
    players = circle_players(circle, seed)
    sides = [players[k] for k in PAIRINGS[place]]
    if Random(f"{seed} side {number}").random() < 0.5:
        sides.reverse()
    own_seed = Random(f"{seed} battle {number}").getrandbits(48)
    progress = GameInProgress(game, own_seed)
    state = progress.state
    assert isinstance(state, Gen9State)
    text = BattleLogText(game.rules, (sides[0].name, sides[1].name), game.teams(own_seed))
    if state.battle.previewing:
        text.add(preview_lines(state.battle.pool[0], state.labels, game.rules))
    else:
        sizes = [int(side.team_size) for side in state.battle.pool[0].sides]
        text.start(state.battle.start_log, (sizes[0], sizes[1]))
    state.kept_lines = []
    agents = [factory.build(player.agent).for_one_game() for player in sides]
    while not state.is_terminal():
        chosen = [NO_ACTION, NO_ACTION]
        for player in progress.due():
            chosen[player] = progress.decide(player, agents[player]).action
        progress.apply(chosen)
    text.add(state.kept_lines)
    result = state.returns()
    return {
        "id": f"{game.format}-made-{seed}-{number}",
        "formatid": game.format,
        "players": [player.name for player in sides],
        "log": text.ended(None if result[0] == 0 else 0 if result[0] > 0 else 1),
    }
