"""Logs of battles played in this process, as a spectator of a server would be sent them.

The engine's lines have exact HP; here they are percent, as all but the owner see them.  The team
sheets are told at the head, as in formats with open ones: the reader gives each to its own player
alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from plywise.datasets.battle_formats import BattleFormat
from plywise.datasets.teams.files import packed_text
from plywise.engine.battle.border.teams import Team
from plywise.games.gen9.tracking.wire import shown_hp

_EXACT = re.compile(r"\|(\d+)/(\d+)(?=[ |]|$)")


class BattleLogText:
    """The text of a battle's log, made while the battle is played.

    Args:
        format: of the battle.
        players: names, in the protocol's alphabet.
        teams: the teams, told as team sheets.
    """

    def __init__(
        self, format: BattleFormat, players: tuple[str, str], teams: tuple[Team, Team]
    ) -> None:
        self._players = players
        self._lines = [f"|player|p{s + 1}|{name}|{s + 1}|" for s, name in enumerate(players)]
        self._lines += [f"|showteam|p{s + 1}|{packed_text(team)}" for s, team in enumerate(teams)]
        self._lines += ["|gametype|singles", "|gen|9", f"|tier|{format.name}"]

    def start(self, lines: Iterable[str], sizes: tuple[int, int]) -> None:
        """Add the start of a battle without Team Preview."""
        self._lines += [f"|teamsize|p{s + 1}|{size}" for s, size in enumerate(sizes)]
        self._lines.append("|start")
        self.add(lines)

    def add(self, lines: Iterable[str]) -> None:
        """Add lines of the engine, but for the format's name, which the head has."""
        self._lines += [
            _EXACT.sub(_percent, line) for line in lines if not line.startswith("|tier|")
        ]

    def ended(self, winner: int | None) -> str:
        """Return the whole text; ``winner``: 0 or 1, None for a tie."""
        told = [line for line in self._lines if line != "|tie" and not line.startswith("|win|")]
        last = "|tie" if winner is None else f"|win|{self._players[winner]}"
        return "\n".join([*told, "|", last])


def _percent(found: re.Match[str]) -> str:
    hp, most = int(found[1]), int(found[2])
    return f"|{shown_hp(hp, most)}/100"
