"""Random battles of generation 9 in this process: two teams of six, simultaneous moves.

``gen9randombattle``: the seed draws both teams from those that Showdown's generator makes, and
seeds the state's generator of chance within turns.  A player's information state is an
:class:`~plywise.games.gen9.infostate.InfoState`, as on a server.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from random import Random

import msgspec

from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import teams
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.damage_rolls import prepare_damage_rolls
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.rules import rules
from plywise.engine.kernels import RulesKernels
from plywise.games.base import Game, GameInfo
from plywise.games.gen9.state import Gen9State, begun
from plywise.games.gen9.tracking.known import KnownBattle

BATTLE_FORMAT = "gen9randombattle"
# Showdown ends a battle as a tie after 1000 turns; a turn may have a pivot's replacement
# on each side and replacements at its end.
_MAX_DECISIONS = 4000


@dataclass(frozen=True)
class Gen9Battle(Game):
    """Random battles of generation 9, singles."""

    info: GameInfo = field(
        init=False,
        default=GameInfo(
            BATTLE_FORMAT,
            "random battles of Pokémon generation 9, singles",
            simultaneous=True,
            stochastic=True,
            hidden_information=True,
        ),
    )

    def new_initial_state(self, seed: int = 0) -> Gen9State:
        """Return the first decision of a battle between two teams drawn with ``seed``."""
        self.kernels()
        return battle_between(
            self.teams(seed), Random(f"{BATTLE_FORMAT} dice {seed}").getrandbits(63)
        )

    def teams(self, seed: int) -> tuple[teams.Team, teams.Team]:
        """Return the teams of :meth:`new_initial_state`, as Showdown's generator made them."""
        rng = Random(f"{BATTLE_FORMAT} {seed}")
        sets = random_battle_sets()
        return sets.random_team(rng), sets.random_team(rng)

    def deserialize_state(self, text: str) -> Gen9State:
        """Return the state that ``State.serialize`` wrote, in this version."""
        try:
            raw = json.loads(text)
            battle = BattleState.deserialize(raw["battle"])
            battle.labels = msgspec.convert(raw["labels"], Labels)
            known = msgspec.convert(raw["known"], tuple[KnownBattle, KnownBattle])
        except (ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
            raise ValueError(f"not a state of {BATTLE_FORMAT}: {error!r}") from error
        self.kernels()
        return Gen9State(battle, known)

    def num_distinct_actions(self) -> int:
        """Return 16: four moves, the same terastallized, six switches, forced and pass."""
        return c.NUM_ACTIONS

    def max_game_length(self) -> int:
        """Return a bound on the decisions of one battle."""
        return _MAX_DECISIONS

    def kernels(self) -> RulesKernels:
        """Return the engine's rules; all kernels that a decision needs are then compiled."""
        prepare_damage_rolls()
        return rules()


def battle_between(both: tuple[teams.Team, teams.Team], seed: int) -> Gen9State:
    """Return the first decision of a battle between two given teams; the first of each leads.

    Raises:
        TeamError, UnknownNameError: a set is not one of a battle.
    """
    return begun(BattleState.from_teams(*both, seed=seed, format=BATTLE_FORMAT))
