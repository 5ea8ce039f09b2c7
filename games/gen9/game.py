"""Battles of generation 9 in this process: singles, simultaneous moves.

The seed draws both teams, in ``gen9randombattle`` from those that Showdown's generator makes, and
seeds the state's generator of chance within turns.  A player's information state is an
:class:`~plywise.games.gen9.infostate.InfoState`, as on a server.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from random import Random

import msgspec

from plywise.datasets.battle_formats import BattleFormat
from plywise.datasets.pokemon_sets import random_battle_sets
from plywise.datasets.set_priors import load_prior
from plywise.datasets.teams.files import read_teams
from plywise.datasets.teams.own import teams_of
from plywise.engine.battle import constants as c
from plywise.engine.battle.border import teams
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.battle.border.formats import playable
from plywise.engine.battle.damage_rolls import prepare_damage_rolls
from plywise.engine.battle.log.labels import Labels
from plywise.engine.battle.rules import rules
from plywise.engine.kernels import RulesKernels
from plywise.games.base import Game, GameInfo
from plywise.games.gen9.belief import configured_belief
from plywise.games.gen9.state import Gen9State, begun
from plywise.games.gen9.tracking.known import KnownBattle
from plywise.games.worlds_config import WorldsConfig

RANDOM_BATTLE = "gen9randombattle"
# Showdown ends a battle as a tie after 1000 turns; a turn may have a pivot's replacement
# on each side and replacements at its end.
_MAX_DECISIONS = 4000
_NO_LEVEL = 100  # of a set that names none; the format says its level


@dataclass(frozen=True)
class Gen9Battle(Game):
    """Singles of generation 9 in one format.

    Args:
        format: Showdown's id; ``gen9`` may be left out.
        team_files: file or folder of the teams to draw from; None: as the format's generator makes
            them, or, where players bring teams, our own (``conf/team``).
    """

    format: str = RANDOM_BATTLE
    team_files: str | None = None
    info: GameInfo = field(init=False)

    def __post_init__(self) -> None:
        """Find the format.

        Raises:
            UnknownFormatError: there is none, or the engine cannot play it.
        """
        found = playable(self.format)
        object.__setattr__(self, "format", found.id)
        info = GameInfo(
            found.id if found.id == RANDOM_BATTLE else f"gen9:{found.id}",
            "random battles of Pokémon generation 9, singles"
            if found.id == RANDOM_BATTLE
            else f"Pokémon battles, {found.name}",
            simultaneous=True,
            stochastic=True,
            hidden_information=True,
        )
        object.__setattr__(self, "info", info)

    @property
    def rules(self) -> BattleFormat:
        """The format with its rules."""
        return playable(self.format)

    def new_initial_state(self, seed: int = 0) -> Gen9State:
        """Return the first decision of a battle between two teams drawn with ``seed``."""
        both = self.teams(seed)  # a wrong file is said before anything is compiled
        self.kernels()
        dice = Random(f"{self.format} dice {seed}").getrandbits(63)
        return battle_between(both, dice, self.format)

    def teams(self, seed: int) -> tuple[teams.Team, teams.Team]:
        """Return the whole teams of :meth:`new_initial_state`."""
        rng = Random(f"{self.format} {seed}")
        pool = team_pool(self.format, self.team_files)
        return pool(rng), pool(rng)

    def deserialize_state(self, text: str) -> Gen9State:
        """Return the state that ``State.serialize`` wrote, in this version."""
        try:
            raw = json.loads(text)
            battle = BattleState.deserialize(raw["battle"])
            battle.labels = msgspec.convert(raw["labels"], Labels)
            known = msgspec.convert(raw["known"], tuple[KnownBattle, KnownBattle])
        except (ValueError, KeyError, TypeError, msgspec.ValidationError) as error:
            raise ValueError(f"not a state of {self.format}: {error!r}") from error
        self.kernels()
        return Gen9State(battle, known)

    def num_distinct_actions(self) -> int:
        """Return 16: four moves, the same terastallized, six switches, forced and pass."""
        return c.NUM_ACTIONS

    def max_game_length(self) -> int:
        """Return a bound on the decisions of one battle."""
        return _MAX_DECISIONS

    def prepare_worlds(self, config: WorldsConfig) -> None:
        """Load the prior of the format, a file of usage statistics included.

        Raises:
            UsageError: the file is none of usage statistics, is of another format, or the format
                takes none.
        """
        configured_belief(self.format, config)

    def kernels(self) -> RulesKernels:
        """Return the engine's rules.

        All kernels that a decision needs are then compiled, and the belief's prior is read.
        """
        prepare_damage_rolls()
        configured_belief(self.format)
        return rules()


def team_pool(format: str, files: str | None = None) -> Callable[[Random], teams.Team]:
    """Return what draws a team of a format: from files, as its generator, or one of our own.

    Raises:
        TeamError: a file holds no team, or there are no teams of ours for the format.
    """
    if files is not None:
        pool = _teams_in(files, format)
        return lambda rng: rng.choice(pool)
    if format == RANDOM_BATTLE:
        return random_battle_sets().random_team
    if playable(format).generator:
        return load_prior(format).random_team
    own = [team.sets for team in teams_of(format)]
    return lambda rng: rng.choice(own)


@lru_cache(8)
def _teams_in(files: str, format: str) -> tuple[teams.Team, ...]:
    """Return the teams of a file or folder, which every game of a run draws from."""
    usual = playable(format).default_level  # packed text has no word for level 100
    return tuple(
        tuple(replace(s, level=usual) if s.level == _NO_LEVEL else s for s in team.sets)
        for team in read_teams(Path(files))
    )


def battle_between(
    both: tuple[teams.Team, teams.Team], seed: int, format: str = RANDOM_BATTLE
) -> Gen9State:
    """Return the first decision of a battle between two given teams.

    With Team Preview it is that; else the first of each team leads.

    Raises:
        TeamError, UnknownNameError: a set is not one of a battle.
        UnknownFormatError: the engine cannot play the format.
    """
    found = playable(format)
    if found.team_preview:
        return begun(BattleState.at_preview(*both, seed=seed, format=found.id), found)
    return begun(BattleState.from_teams(*both, seed=seed, format=found.id), found)
