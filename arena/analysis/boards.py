"""The decisions of a game in this process that is no battle: solved exactly, or searched.

- Connect Four and tic-tac-toe: their solvers, Connect Four once the board is full enough;
- other games without chance and hidden information: alpha-beta, whose noise is how far a search of
  a quarter of the limit is from it;
- compiled games with either, or with moves at once: the search over sampled worlds, by seeds;
- games without compiled rules: Monte-Carlo tree search, by seeds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING, cast

from plywise.arena.analysis.estimates import (
    ChoiceEstimate,
    SeedValues,
    estimated,
    is_blunder,
)
from plywise.arena.analysis.players import chosen_players
from plywise.arena.analysis.results import AnalysedDecision, GameAnalysis, Measured
from plywise.arena.bench.reference import judged_actions
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.games.base import Game, State
from plywise.games.exact_values import EXACT_VALUES
from plywise.search.alphabeta.config import AlphaBetaConfig
from plywise.search.alphabeta.search import AlphaBeta
from plywise.search.config import MCTSConfig, SearchError
from plywise.search.mcts import MCTS
from plywise.search.simultaneous.config import SimultaneousConfig
from plywise.search.simultaneous.search import SimultaneousSearch

if TYPE_CHECKING:
    from plywise.arena.analysis.sources import RecordedPlay
    from plywise.conf.schemas.analysis import AnalyseConfig
    from plywise.games.grid.placing import PlacingState

EXACT = "Values of the position are exact: 100 is a win, 50 a draw, 0 a loss."
ESTIMATED = (
    "Values are alpha-beta's; ± is how far a search of a quarter of the limit is from it. A proved "
    "result is 100, 50 or 0."
)
_SOLVED_FROM = 33  # free squares of Connect Four, of which a position takes a second at most
_NODES = 100  # of alpha-beta, for each iteration that a search over worlds would have
_QUARTER = 4

Judge = Callable[[State, int, str, int], ChoiceEstimate]
"""Takes a state, a player, the name of its choice and the move's number."""


def board_course(
    play: RecordedPlay, config: AnalyseConfig
) -> tuple[GameAnalysis, Iterator[AnalysedDecision]]:
    """Return the heading of an analysis, and its decisions as they are made.

    Raises:
        ConfigError: the player is none of the two.
    """
    players = chosen_players(config.player, play.names)
    plies = [(state.clone(), pair) for state, pair in play.plies]
    title = f"{play.game.info.name}, seed {play.seed}"
    analysis = GameAnalysis(title, play.names, players, play.ending, battle=False)
    analysis.total = sum(pair[p] != NO_ACTION for _, pair in plies for p in players)
    judge, note = _judge(play.game, config)
    if note:
        analysis.notes.append(note)
    return analysis, _analysed(plies, players, judge, config.blunder)


def _analysed(
    plies: Iterable[tuple[State, tuple[int, int]]],
    players: tuple[int, ...],
    judge: Judge,
    threshold: float,
) -> Iterator[AnalysedDecision]:
    for number, (state, pair) in enumerate(plies, 1):
        both = state.current_player() == SIMULTANEOUS
        for player in players:
            action = pair[player]
            if action == NO_ACTION:
                continue
            name = state.action_to_string(player, action)
            reply = pair[1 - player] if both else NO_ACTION
            shown = AnalysedDecision(
                moment=number - 1,
                turn=number,
                player=player,
                choice=name,
                forced=len(state.legal_actions(player)) < 2,
                reply="" if reply == NO_ACTION else state.action_seen_by(player, 1 - player, reply),
                position={"text": state.view(player).observation_string(player)},
            )
            try:
                found = judge(state, player, name, number)
            except SearchError as error:
                yield replace(shown, failure=f"it could not be searched ({error})")
                continue
            cost = Measured(0.0, 0.0) if shown.forced else found.cost
            yield replace(
                shown,
                before=found.before,
                after=found.after,
                cost=cost,
                best=found.actions[0].name,
                share=found.actions[0].share,
                actions=found.actions,
                blunder=not shown.forced and is_blunder(cost, threshold),
            )


def _judge(game: Game, config: AnalyseConfig) -> tuple[Judge, str]:
    """Return what judges the decisions of a game, and what is to be said of its figures."""
    kernels = game.kernels()
    if kernels is None:
        return _by_seeds(config, _played_out(config)), ""
    if game.info.simultaneous or game.info.hidden_information or game.info.stochastic:
        return _by_seeds(config, _sampled(game, config)), ""
    if game.info.name == "tic_tac_toe":
        return _exact(game), EXACT
    estimate = _alphabeta(game, config)
    if game.info.name not in EXACT_VALUES:
        return estimate, ESTIMATED
    exact = _exact(game)

    def judge(state: State, player: int, choice: str, number: int) -> ChoiceEstimate:
        chosen = exact if _free_squares(state) <= _SOLVED_FROM else estimate
        return chosen(state, player, choice, number)

    return judge, f"{EXACT} Before {_SOLVED_FROM} squares are free: {ESTIMATED}"


def _free_squares(state: State) -> int:
    placing = cast("PlacingState", state)
    return placing.game.rows * placing.game.columns - len(placing.moves)


def _exact(game: Game) -> Judge:
    values_of = EXACT_VALUES[game.info.name](game)

    def judge(state: State, player: int, choice: str, number: int) -> ChoiceEstimate:
        found = values_of(state)
        most = max(found.values())
        best = [action for action, value in found.items() if value == most]
        names = {action: state.action_to_string(player, action) for action in found}
        signs = {names[a]: float((v > 0) - (v < 0)) for a, v in found.items()}
        seed = SeedValues({names[a]: 1 / len(best) for a in best}, signs)
        return _certain(estimated([seed], choice))

    return judge


def _certain(found: ChoiceEstimate) -> ChoiceEstimate:
    """Return an estimate without noise."""

    def sure(one: Measured | None) -> Measured | None:
        return None if one is None else Measured(one.value, 0.0)

    actions = tuple(replace(one, win=sure(one.win)) for one in found.actions)
    return ChoiceEstimate(
        Measured(found.before.value, 0.0), sure(found.after), sure(found.cost), actions
    )


def _alphabeta(game: Game, config: AnalyseConfig) -> Judge:
    kernels = game.kernels()
    assert kernels is not None
    nodes = _NODES * config.iterations
    whole = AlphaBetaConfig(
        max_depth=None,
        all_values=True,
        seconds=config.seconds,
        iterations=nodes if config.seconds is None else None,
    )
    quarter = replace(
        whole,
        seconds=None if config.seconds is None else config.seconds / _QUARTER,
        iterations=None if whole.iterations is None else whole.iterations // _QUARTER,
    )
    searches = AlphaBeta(kernels, whole), AlphaBeta(kernels, quarter)

    def judge(state: State, player: int, choice: str, number: int) -> ChoiceEstimate:
        seeds = []
        for search in searches:
            found = search.decide(state.flat(), player)
            solved = bool(found.notes["solved"])
            values = {
                state.action_to_string(player, a): float((v > 0) - (v < 0)) if solved else v
                for a, v in found.values.items()
            }
            best = state.action_to_string(player, found.action)
            seeds.append(SeedValues({best: 1.0}, values))
        return _apart(*(estimated([seed], choice) for seed in seeds))

    return judge


def _apart(full: ChoiceEstimate, short: ChoiceEstimate) -> ChoiceEstimate:
    """Return an estimate whose noise is how far a shorter search is from it."""

    def with_noise(one: Measured | None, other: Measured | None) -> Measured | None:
        if one is None or other is None:
            return one
        return Measured(one.value, abs(one.value - other.value))

    before = with_noise(full.before, short.before)
    assert before is not None
    wins = {one.name: one.win for one in short.actions}
    actions = tuple(
        replace(one, win=with_noise(one.win, wins.get(one.name))) for one in full.actions
    )
    return ChoiceEstimate(
        before,
        with_noise(full.after, short.after),
        with_noise(full.cost, short.cost),
        actions,
    )


_Found = tuple[Mapping[int, float], Mapping[int, float]]  # strategy and values


def _by_seeds(config: AnalyseConfig, search: Callable[[State, int, int], _Found]) -> Judge:
    def judge(state: State, player: int, choice: str, number: int) -> ChoiceEstimate:
        seeds = []
        for k in range(config.seeds):
            seed = Random(f"{config.seed} analyse {number} {player} {k}").getrandbits(62)
            strategy, values = search(state, player, seed)
            seeds.append(
                SeedValues(
                    {state.action_to_string(player, a): p for a, p in strategy.items()},
                    {state.action_to_string(player, a): v for a, v in values.items()},
                )
            )
        return estimated(seeds, choice)

    return judge


def _sampled(game: Game, config: AnalyseConfig) -> Callable[[State, int, int], _Found]:
    kernels = game.kernels()
    assert kernels is not None
    each = None if config.seconds is None else config.seconds / (2 * config.seeds)
    budget = SimultaneousConfig(
        seconds=each, iterations=config.iterations if each is None else None
    )
    searcher = SimultaneousSearch(kernels, budget)

    def search(state: State, player: int, seed: int) -> _Found:
        worlds = state.view(player).worlds(player, config.worlds, seed)
        found = judged_actions(searcher, worlds, player, seed)
        return found.strategy, found.values

    return search


def _played_out(config: AnalyseConfig) -> Callable[[State, int, int], _Found]:
    each = None if config.seconds is None else config.seconds / config.seeds
    budget = MCTSConfig(seconds=each, iterations=config.iterations if each is None else None)
    searcher = MCTS(budget)

    def search(state: State, player: int, seed: int) -> _Found:
        found = searcher.decide(state, player, seed)
        return found.strategy, found.values

    return search
