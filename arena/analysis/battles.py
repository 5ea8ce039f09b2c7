"""The decisions of a battle as they were played: from a log of anybody's, or a record of ours."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import cast

from plywise.arena.analysis.players import chosen_players
from plywise.arena.analysis.results import GameAnalysis
from plywise.arena.analysis.searching import PlayedDecision
from plywise.arena.showdown.replay_page import line_in_words
from plywise.datasets.replays.sources import ReplayText
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.games.base import State
from plywise.games.gen9.infostate import action_name, from_json
from plywise.games.gen9.replays.decisions import ReplayBattle, replay_decisions
from plywise.games.gen9.replays.log import BattleLog
from plywise.games.gen9.state import Gen9State
from plywise.games.gen9.tracking.wire import ProtocolLine, parse_line, place_of

OPEN_SETS = (
    "The log does not hold the players' own sets: each seed draws what it does not tell, so that "
    "costs are of the sets that fit, and an action that only a draw offers is marked with ?."
)
_WHO = re.compile(r"\bp[12][a-c]?: ")
_MOST_WORDS = 300  # characters of a line in words


@dataclass
class BattleCourse:
    """A battle to analyse.

    Attributes:
        analysis: its heading, without decisions.
        played: the decisions of the players asked for, in order of time.
    """

    analysis: GameAnalysis
    played: list[PlayedDecision]


def log_course(found: ReplayText, asked: str) -> BattleCourse:
    """Return the battle of a log.

    Args:
        found: the log and what its source says of it.
        asked: the setting ``player``.

    Raises:
        BattleLogError: the log is none of a whole battle that can be read.
        ConfigError: the player is none of the two.
    """
    battle = replay_decisions(found.log, found.format)
    log = battle.log
    names = _names(log)
    players = chosen_players(asked, names)
    analysis = GameAnalysis(
        title=f"{log.format.name}{f' ({found.id})' if found.id else ''}",
        players=names,
        analysed=players,
        result=_result(log, names),
        events=events_of(log.lines),
    )
    played = [one for one in _of_rows(battle) if one.player in players]
    if any(mon.stats is None for one in played for mon in one.info.own.mons):
        analysis.notes.append(OPEN_SETS)
    analysis.total = len(played)
    return BattleCourse(analysis, played)


def _of_rows(battle: ReplayBattle) -> Iterator[PlayedDecision]:
    for row in battle.rows:
        yield PlayedDecision(
            moment=row.decision,
            turn=row.turn,
            player=row.player,
            info=from_json(row.state),
            choice=row.action,
            unknown=row.unknown,
            forced="forced" in row.flags,
            reply=row.foe_action or "",
        )


def _names(log: BattleLog) -> tuple[str, str]:
    found = ["player 0", "player 1"]
    for line in log.lines:
        side = {"p1": 0, "p2": 1}.get(line.arg(0), -1)
        if line.kind == "player" and side >= 0 and line.arg(1):
            found[side] = line.arg(1)
    return found[0], found[1]


def _result(log: BattleLog, names: Sequence[str]) -> str:
    if log.winner is None:
        return ""
    how = f" ({log.ended})" if log.ended else ""
    return "a tie" if log.winner < 0 else f"{names[log.winner]} won{how}"


def events_of(lines: Iterable[ProtocolLine]) -> dict[int, list[tuple[int, str]]]:
    """Return what happened in each turn: the side that a line is about (-1 none), and its words."""
    found: dict[int, list[tuple[int, str]]] = {}
    turn = 0
    for line in lines:
        if line.kind == "turn":
            turn = int(line.arg(0))
            continue
        if line.kind == "player":
            continue
        tags = [f"[{name}] {value}" for name, value in line.tags.items()]
        words = line_in_words(line.kind, [*line.args, *tags])
        if words:
            words = _WHO.sub("", words)[:_MOST_WORDS]
            found.setdefault(turn, []).append((place_of(line.arg(0))[0], words))
    return found


def recorded_course(
    plies: Iterable[tuple[State, tuple[int, int]]], names: tuple[str, str], title: str, asked: str
) -> BattleCourse:
    """Return a battle that was played in this process: both players' own sets are known.

    Args:
        plies: each state with the actions played there (``NO_ACTION``: nothing to decide); a state
            may change when the next one is asked for.
        names: of the players.
        title: of the battle.
        asked: the setting ``player``.

    Raises:
        ConfigError: the player is none of the two.
    """
    players = chosen_players(asked, names)
    analysis = GameAnalysis(title, names, players)
    played: list[PlayedDecision] = []
    lines: list[str] = []
    for moment, (state, pair) in enumerate(plies):
        battle = cast("Gen9State", state)
        if not lines:
            lines += battle.battle.start_log
        who = battle.current_player()
        due = (0, 1) if who == SIMULTANEOUS else (who,)
        for player in due:
            action = pair[player]
            if action == NO_ACTION or player not in players:
                continue
            info = battle.information_state(player)
            reply = pair[1 - player] if who == SIMULTANEOUS else NO_ACTION
            played.append(
                PlayedDecision(
                    moment,
                    battle.battle.turn,
                    player,
                    info,
                    action_name(info, action),
                    forced=len(info.legal) < 2,
                    reply=""
                    if reply == NO_ACTION
                    else action_name(battle.information_state(1 - player), reply),
                )
            )
        if any(action != NO_ACTION for action in pair):
            lines += battle.battle.clone().apply_actions(*pair, log=True)
    analysis.events = events_of(map(parse_line, lines))
    analysis.total = len(played)
    return BattleCourse(analysis, played)
