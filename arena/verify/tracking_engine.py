"""The engine's own game of a recorded battle: its information states beside the server's."""

from __future__ import annotations

from dataclasses import replace

from plywise.datasets.battle_corpus import RecordedBattle, RecordedStep
from plywise.datasets.battle_formats import find_format
from plywise.engine.battle.border import codec
from plywise.engine.battle.border.battle_state import BattleState
from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.infostate import InfoState
from plywise.games.gen9.state import Gen9State, begun


class EngineGame:
    """A recorded battle, played in the engine from its seed, teams and choices."""

    def __init__(self, state: Gen9State) -> None:
        self._state = state

    @classmethod
    def of(cls, battle: RecordedBattle) -> EngineGame | None:
        """Return the game at its first decision; None where ties were kept: no seed repeats it."""
        if battle.keep_ties:
            return None
        one, two = battle.packed_teams
        state = BattleState.from_seed(one, two, battle.seed, battle.rules, battle.picked)
        shown = [line for line in battle.start_raw if line.startswith(("|clearpoke", "|poke|"))]
        return cls(begun(state, find_format(battle.rules), shown))

    def play(self, step: RecordedStep) -> None:
        """Play the choices of a step."""
        self._state.apply_actions(
            [
                NO_ACTION if choice is None else codec.action_of(choice, step.before, s)
                for s, choice in enumerate(step.choices)
            ]
        )

    def same(self, info: InfoState) -> bool:
        """Return whether a player's information state on the server is that of this game.

        Where the server hides that the Pokémon is trapped, or which of its moves are sealed by
        Imprison, it offers actions that it refuses: the engine offers what it accepts.
        """
        mine = self._state.information_state(info.player)
        sealed = "imprison" in info.foe.volatiles
        if (info.maybe_trapped or sealed) and set(mine.legal) <= set(info.legal):
            info = replace(info, legal=mine.legal, trapped=mine.trapped)
            if sealed:
                info = replace(info, own=replace(info.own, mons=mine.own.mons))
        return info == mine
