"""Players of recorded battles: our own search of few iterations, asked by the recorder.

Random play alone rarely reaches what searches do: set-up, phazing, a switch out of each bad match.
"""

import json
from collections.abc import Mapping
from typing import Any

from plywise.datasets.pokemon_sets import parse_packed_team
from plywise.engine.battle.border import codec
from plywise.engine.battle.border.coverage import UnmodelledError
from plywise.engine.battle.rules import RULES
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch


class SearchChooser:
    """Answers the recorder's questions (``record.js --ask``) by searching the true state.

    Args:
        iterations: of each search; the same number gives the same choices.

    Attributes:
        left: choices left to chance, since the state cannot be decoded or the search chose
            something that Showdown does not offer.
    """

    def __init__(self, iterations: int) -> None:
        self._search = SimultaneousSearch(
            RULES, SimultaneousConfig(seconds=None, iterations=iterations)
        )
        self._setup: codec.BattleSetup | None = None
        self._asked = 0
        self.left = 0

    def answer(self, text: str) -> str | None:
        """Return the answer to a line of the recorder: a choice, "" for any; None: no question."""
        line: Mapping[str, Any] = json.loads(text)
        if "state" not in line:
            one, two = line["teams"]
            whole = parse_packed_team(one), parse_packed_team(two)
            first, second = (
                tuple(team[k] for k in picked)
                for team, picked in zip(whole, line["picked"], strict=True)
            )
            self._setup = codec.BattleSetup((first, second), line["fmt"], line["ties"] == "kept")
            self._asked = 0
            return None
        assert self._setup is not None
        self._asked += 1
        state, side = line["state"], line["side"]
        by_action = {codec.action_of(choice, state, side): choice for choice in line["legal"]}
        if len(by_action) == 1:
            return str(line["legal"][0])
        try:
            worlds = codec.decode(state, self._setup)
        except (codec.DecodeError, UnmodelledError):
            self.left += 1
            return ""
        if set(RULES.legal_actions(worlds, 0, side)) != set(by_action):
            self.left += 1
            return ""
        action = self._search.decide(worlds, None, side, self._asked).action
        return str(by_action[action])
