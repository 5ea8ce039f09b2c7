"""The search of one decision of a battle, by several seeds: worlds, strategy, values, belief."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from plywise.arena.agents.battle_search import PREVIEW_EVEN_SHARE
from plywise.arena.analysis.estimates import SeedValues, estimated, is_blunder
from plywise.arena.analysis.positions import action_in_words, battle_position, believed_team
from plywise.arena.analysis.results import ActionWorth, AnalysedDecision, Measured
from plywise.arena.bench.reference import judged_actions, long_search
from plywise.datasets.showdown_data import UnknownNameError
from plywise.engine.battle.rules import RULES
from plywise.games.gen9.belief import configured_belief
from plywise.games.gen9.infostate import InfoState, action_name
from plywise.games.gen9.replays.completion import completed_state
from plywise.games.gen9.worlds import sample_worlds
from plywise.search.config import SearchError
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

if TYPE_CHECKING:
    from plywise.conf.schemas.analysis import AnalyseConfig

log = logging.getLogger(__name__)

_SHOWN_FAULT = 160  # characters
# What worlds of a state that lines alone have told may meet: facts that no set and no rule allows.
_IMPOSSIBLE = (SearchError, UnknownNameError, ValueError, LookupError)


@dataclass(frozen=True)
class PlayedDecision:
    """A decision of a battle as it was played.

    Attributes:
        moment: number of the decision in the battle; both players' share it.
        turn, player: as in :class:`AnalysedDecision`.
        info: what the player knew; its own sets may be open.
        choice: name of what was played; "" not known.
        unknown: why not.
        forced: nothing else could be chosen.
        reply: name of the opponent's choice; "" none, or not known.
    """

    moment: int
    turn: int
    player: int
    info: InfoState
    choice: str
    unknown: str = ""
    forced: bool = False
    reply: str = ""


class DecisionSearch:
    """Searches decisions again; may be asked again and again, from one thread.

    Args:
        config: settings of ``plywise analyse``.
    """

    def __init__(self, config: AnalyseConfig) -> None:
        self._config = config
        budget = SimultaneousConfig(seconds=None, iterations=config.iterations)
        if config.seconds is None:
            self._search = long_search(budget, config.iterations)
        else:  # two searches for each seed
            each = config.seconds / (2 * config.seeds)
            self._search = SimultaneousSearch(RULES, replace(budget, seconds=each, iterations=None))

    def analysed(self, played: PlayedDecision) -> AnalysedDecision:
        """Return a decision with chances and cost, or with the reason why there are none."""
        info = played.info
        shown = AnalysedDecision(
            moment=played.moment,
            turn=played.turn,
            player=played.player,
            choice=action_in_words(played.choice) if played.choice else "",
            unknown=played.unknown,
            reply=action_in_words(played.reply) if played.reply else "",
            forced=played.forced or len(info.legal) < 2,
            position=battle_position(info),
        )
        try:
            return self._searched(played, shown)
        except _IMPOSSIBLE as error:
            log.info("turn %d, player %d", played.turn, played.player, exc_info=True)
            words = " ".join(f"{type(error).__name__}: {error}".split())[:_SHOWN_FAULT]
            return replace(shown, failure=f"no world agrees with what is known ({words})")

    def _searched(self, played: PlayedDecision, shown: AnalysedDecision) -> AnalysedDecision:
        info, config = played.info, self._config
        belief = configured_belief(info.format)
        seeds: list[SeedValues] = []
        pools: list[NDArray[Any]] = []
        for k in range(config.seeds):
            place = f"{config.seed} analyse {played.moment} {played.player} {k}"
            seed = Random(place).getrandbits(62)
            whole = completed_state(info, belief, seed)
            worlds = sample_worlds(whole.info, config.worlds, seed, belief)
            pools.append(worlds)
            share = PREVIEW_EVEN_SHARE if info.previewing else 0.0
            found = judged_actions(self._search, worlds, info.player, seed, share)
            names = {a: action_name(whole.info, a) for a in {*found.strategy, *found.values}}
            seeds.append(
                SeedValues(
                    {names[a]: p for a, p in found.strategy.items()},
                    {names[a]: v for a, v in found.values.items()},
                    frozenset(names[a] for a in whole.drawn if a in names),
                )
            )
        result = estimated(seeds, played.choice)
        forced = played.forced or all(len(seed.values) < 2 for seed in seeds)
        cost = None if forced else result.cost
        best = result.actions[0]
        return replace(
            shown,
            before=result.before,
            after=result.after,
            cost=Measured(0.0, 0.0) if forced and played.choice else cost,
            best=action_in_words(best.name),
            share=best.share,
            forced=forced,
            actions=tuple(_in_words(one) for one in result.actions),
            belief=believed_team(info, np.concatenate(pools)),
            blunder=not forced and is_blunder(cost, config.blunder),
        )


def _in_words(one: ActionWorth) -> ActionWorth:
    return replace(one, name=action_in_words(one.name))
