"""What one of our players is told of a battle on a server: its lines, its requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from plywise.games.gen9.infostate import FORCED, PASS, SWITCH, TERA, InfoState
from plywise.games.gen9.tracking.known import KnownBattle
from plywise.games.gen9.tracking.request import BattleRequest, parse_request
from plywise.games.gen9.tracking.tracker import Tracker


class BattleChannel:
    """The lines of a battle as one player is sent them, in order, and its requests.

    Args:
        format: id of the battle's format; lines may tell of another.

    Attributes:
        request: the last one that was read; None: none yet.
    """

    def __init__(self, format: str = "gen9randombattle") -> None:
        self.request: BattleRequest | None = None
        self._format = format
        self._tracker: Tracker | None = None
        self._unread: list[str] = []  # until a request tells whose channel it is

    def read(self, line: Sequence[str]) -> None:
        """Read one line, split at its bars."""
        text = "|".join(line)
        if self._tracker is None:
            self._unread.append(text)
        else:
            self._tracker.read(text)

    @property
    def known(self) -> KnownBattle:
        """What the player has been told; nothing before the first request."""
        return KnownBattle() if self._tracker is None else self._tracker.battle

    def information_state(self, raw: Mapping[str, Any], named: tuple[int, ...] = ()) -> InfoState:
        """Return the player's information state at a request, of which all lines have been read.

        Args:
            raw: the request.
            named: at Team Preview, indices of the Pokémon that the player has named so far.

        Raises:
            ValueError: it is no request of a singles battle.
        """
        request = replace(parse_request(raw), named=named)
        if self._tracker is None:
            self._begin(request, {"p1": 0, "p2": 1}.get(raw["side"].get("id"), 0))
        assert self._tracker is not None
        self.request = request
        return self._tracker.information_state(request)

    def _begin(self, request: BattleRequest, player: int) -> None:
        self._tracker = Tracker(player)
        self._tracker.battle.format = self._format
        under_way = any(line.startswith("|turn|") and line != "|turn|1" for line in self._unread)
        if not under_way:
            self._tracker.information_state(request)  # it names the team in its own order
        for line in self._unread:
            self._tracker.read(line)
        self._unread.clear()

    def legal(self) -> tuple[int, ...]:
        """Return the legal actions at the last request, ascending; () before the first."""
        if self.request is None or self._tracker is None:
            return ()
        return self.request.legal(self._tracker.positions)

    def choice(self, action: int) -> str:
        """Return Showdown's ``/choose`` message for one of :meth:`legal`.

        At Team Preview it names those named so far too, and the server adds who is missing.
        """
        assert self.request is not None
        assert self._tracker is not None
        if self.request.kind == "preview":
            places = [*self.request.named, action - SWITCH]
            return f"/choose team {''.join(str(1 + place) for place in places)}"
        if action == PASS:
            return "/choose default"
        if action >= SWITCH and action != FORCED:
            return f"/choose switch {self._tracker.positions.index(action - SWITCH) + 1}"
        suffix = " terastallize" if TERA <= action < SWITCH else ""
        slot = 0 if action == FORCED or self.request.locked else action % 4
        return f"/choose move {slot + 1}{suffix}"

    def action_of_switch(self, position: int) -> int:
        """Return the action that sends in the Pokémon at a position of the last request."""
        assert self._tracker is not None
        return SWITCH + self._tracker.positions[position]
