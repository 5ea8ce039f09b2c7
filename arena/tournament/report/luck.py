"""``plywise luck``: the scores of a tournament's record, adjusted for the luck of its games.

Each game is replayed from its seed and actions; ``search/luck.py`` says what luck is and why the
adjusted score is unbiased.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from plywise.arena.output.files import write_summary
from plywise.arena.output.screen import TextConsole, near, progress_if_slow, text_line
from plywise.arena.play.replay import ReplayError, recorded_game, states_of
from plywise.arena.ratings.adjusted import AdjustedScore, LuckyGame, adjusted_score
from plywise.arena.ratings.elo import Estimate
from plywise.arena.ratings.head_to_head import head_to_head
from plywise.arena.ratings.intervals import Interval
from plywise.arena.tournament.pool_ratings import rated_games
from plywise.arena.tournament.store import FinishedGame, GameStore, RecordError, unpack_trace
from plywise.conf.schemas.tournament import LuckConfig
from plywise.datasets.errors import ConfigError, PlywiseError
from plywise.datasets.files import DAMAGE
from plywise.datasets.processes.pool import in_processes
from plywise.engine.kernels import NO_ACTION, RulesKernels
from plywise.search.config import SearchError
from plywise.search.luck import LuckEstimator, Strategy

_ROUNDED = 0.005
"""Largest distance from 1 of the shares of a strategy that a trace keeps whole.

Older versions rounded shares to three decimals and left the smallest out.
"""


class LuckError(PlywiseError):
    """A record whose games' luck cannot be computed."""


@dataclass(frozen=True)
class _RecordedGame:
    """What replaying takes, as a plain value that travels to a worker; see ``FinishedGame``."""

    number: int
    seed: int
    result: float
    actions: tuple[tuple[int, int], ...]
    trace: bytes
    natural: bool


@dataclass(frozen=True)
class _Setup:
    """What a worker makes its rules and its estimator of."""

    game: Mapping[str, Any]
    game_file: str
    trusted_game: str | None
    iterations: int
    samples: int
    seed: int


class GameReplayer:
    """Computes the luck of recorded games, the same for any number of processes.

    Raises:
        LuckError: the game has no compiled rules.
        UnaskedGameError: the record's game is in a file that was not named.
        ConfigError: the game cannot be made, or the search cannot number its actions.
    """

    def __init__(self, setup: _Setup) -> None:
        parameters = dict(setup.game)
        name = parameters.pop("name")
        game = recorded_game(name, parameters, setup.trusted_game, setup.game_file)
        kernels = game.kernels()
        if kernels is None:
            raise LuckError(
                f"{game.info.name} has no compiled rules (kernels), without which luck is not "
                "computed"
            )
        self._game = game
        self._kernels: RulesKernels = kernels
        self._seed = setup.seed
        try:
            self._estimator = LuckEstimator(
                kernels,
                iterations=setup.iterations,
                samples=setup.samples,
                chance=game.info.stochastic,
            )
        except SearchError as error:
            raise ConfigError(
                f"iterations={setup.iterations}: {error}; take iterations=0"
            ) from error

    def luck(self, recorded: _RecordedGame) -> float:
        """Return the luck of a game for player 0, as a part of its result in [-1, 1].

        Raises:
            ReplayError: the moves are no game of these rules, or have another result.
            LuckError: its chance is not that of its compiled rules.
            RecordError: its trace is damaged.
        """
        rng = np.random.default_rng([self._seed, recorded.number])
        decisions = _strategies(recorded)
        luck = 0.0
        before: NDArray[Any] | None = None
        moves = (NO_ACTION, NO_ACTION)
        state = None
        for ply, state in enumerate(states_of(self._game, recorded.seed, recorded.actions)):
            after = state.flat().copy()
            if before is not None:
                self._check_step(recorded, ply - 1, before, after)
                both = (
                    self._strategy(recorded, before, 0, moves, decisions.get((ply - 1, 0))),
                    self._strategy(recorded, before, 1, moves, decisions.get((ply - 1, 1))),
                )
                luck += self._estimator.of_step(before, after, both, rng)
            if ply < len(recorded.actions):
                before, moves = after, recorded.actions[ply]
        assert state is not None
        if recorded.natural:
            result = state.returns()[0] if state.is_terminal() else None
            if result != recorded.result:
                raise ReplayError(
                    f"game {recorded.number}: replayed it has the result {result}, in the record "
                    f"{recorded.result}; the record was played by other rules"
                )
        return luck

    def _check_step(
        self, recorded: _RecordedGame, ply: int, before: NDArray[Any], after: NDArray[Any]
    ) -> None:
        """Refuse a game that draws chance beside its kernels: samples would not be like it."""
        stepped = before.copy()
        self._kernels.step(stepped, 0, *recorded.actions[ply])
        if _but_for_rng(stepped) != _but_for_rng(after):
            raise LuckError(
                f"game {recorded.number}, ply {ply}: the compiled rules lead to another state than "
                "the game, as where a game draws chance beside them; its luck is not computed"
            )

    def _strategy(
        self,
        recorded: _RecordedGame,
        before: NDArray[Any],
        player: int,
        moves: tuple[int, int],
        traced: Strategy | None,
    ) -> Strategy:
        """Return what a player's action was drawn from; where that is unknown the action alone."""
        # Whether a strategy is used may depend on it, but not on the action that came of it.
        if traced is None or abs(sum(traced.values()) - 1.0) > _ROUNDED:
            return {moves[player]: 1.0}
        if not set(traced) <= set(self._kernels.legal_actions(before, 0, player)):
            raise RecordError(f"game {recorded.number}: its trace has actions that are not legal")
        return {action: share for action, share in traced.items() if share > 0}


def _but_for_rng(pool: NDArray[Any]) -> bytes:
    known = pool.copy()
    known["rng"] = 0
    return known.tobytes()


def _strategies(recorded: _RecordedGame) -> dict[tuple[int, int], Strategy]:
    """Return the strategies that the trace keeps, by ply and player."""
    try:
        found: dict[tuple[int, int], Strategy] = {}
        for entry in unpack_trace(recorded.trace):
            if "s" in entry:
                shares = {int(action): share for action, share in entry["s"].items()}
                if not all(0 <= share <= 1 for share in shares.values()):
                    raise ValueError("a share is not within 0 and 1")
                found[entry["p"], entry["w"]] = shares
        return found
    except DAMAGE as error:
        raise RecordError(f"game {recorded.number}: its trace is damaged ({error})") from error


_worker: GameReplayer | None = None


def _luck_in_worker(setup: _Setup, recorded: _RecordedGame) -> float:
    global _worker
    if _worker is None:
        _worker = GameReplayer(setup)
    return _worker.luck(recorded)


def run_luck(config: LuckConfig, folder: Path, console: Console | None = None) -> int:
    """Print the adjusted scores of a record and write ``luck.json``; nothing if interrupted.

    Raises:
        RecordError: there is no record, or it is damaged.
        LuckError, ReplayError: see :meth:`GameReplayer.luck`.
        UnaskedGameError: the record's game is in a file that was not named.
    """
    console = console or TextConsole()
    with GameStore.read(Path(config.record)) as store:
        if "server" in store.identity:
            raise LuckError(
                f"{config.record}: its battles were played on a Showdown server, whose states no "
                "record holds; luck is computed of games played in this process"
            )
        total = int(store.plan().get("total", 0)) or 2**62
        games = [g for g in store.games(trace=True, numbers=range(total)) if g.result is not None]
        titles = store.titles
        setup = _Setup(
            game=dict(store.identity["game"]),
            game_file=store.identity.get("game_file", ""),
            trusted_game=config.trusted_game,
            iterations=config.iterations,
            samples=config.samples,
            seed=config.seed,
        )
    if not games:
        raise LuckError(f"{config.record}: no game in it has a result yet")
    # Compiles; workers then find it in the cache.
    replayer = GameReplayer(setup)
    luck: list[float] = []
    with (
        progress_if_slow("luck", console) as progress,
        _lucks(replayer, setup, [_recorded(g) for g in games], config.jobs) as found,
    ):
        for one in found:
            luck.append(one)
            progress("game", len(luck), len(games))
    pairings = _pairings(games, luck, titles)
    console.print(_table(pairings))
    console.print(_WORDS, soft_wrap=True)
    console.print(f"luck: {near(folder / 'luck.json')}", soft_wrap=True)
    plain = {"pairings": [p.summary() for p in pairings]}
    console.print(text_line(json.dumps(plain, ensure_ascii=False)), soft_wrap=True)
    rows = [
        {
            "number": game.number,
            "pair": game.pair,
            "players": [titles[p] for p in game.players],
            "result": game.result,
            "luck": one,
        }
        for game, one in zip(games, luck, strict=True)
    ]
    # After the figures: a full disk must not keep them from being printed.
    write_summary(folder / "luck.json", {"config": config, **plain, "games": rows})
    return 0


def _recorded(game: FinishedGame) -> _RecordedGame:
    assert game.result is not None
    moves = tuple(game.moves())
    return _RecordedGame(
        game.number, game.seed, game.result, moves, game.trace, natural=not game.error
    )


@contextmanager
def _lucks(
    replayer: GameReplayer, setup: _Setup, games: Sequence[_RecordedGame], jobs: int
) -> Iterator[Iterator[float]]:
    """Yield an iterator over the games' luck, in their order."""
    if jobs == 1:
        yield map(replayer.luck, games)
        return
    with in_processes(_luck_in_worker, [(setup, game) for game in games], jobs) as found:
        yield found


# --- the figures ------------------------------------------------------------------------------

_WORDS = (
    "95 % intervals over pairs. Adjusted: points minus WEIGHT times the luck, as it varies least; "
    "WORTH: so many times as many games would have told as much without."
)


@dataclass(frozen=True)
class _Pairing:
    """The games between two agents, seen from the first."""

    first: str
    second: str
    games: int
    score: Interval
    adjusted: AdjustedScore

    def summary(self) -> dict[str, Any]:
        """Return it as plain values; bounds that there are not are null."""
        return {
            "first": self.first,
            "second": self.second,
            "games": self.games,
            "score": _ends(self.score),
            "adjusted": _ends(self.adjusted.estimate),
            "weight": self.adjusted.weight,
            "worth": self.adjusted.worth,
        }


def _pairings(
    games: Sequence[FinishedGame], luck: Sequence[float], titles: Sequence[str]
) -> list[_Pairing]:
    by_agents: defaultdict[tuple[int, int], list[tuple[FinishedGame, float]]] = defaultdict(list)
    for game, one in zip(games, luck, strict=True):
        by_agents[min(game.players), max(game.players)].append((game, one))
    found = []
    for (first, second), theirs in sorted(by_agents.items()):
        rated = rated_games([game for game, _ in theirs], titles)
        lucky = []
        for game, one in theirs:
            sign = 1 if game.players[0] == first else -1
            result = float(np.sign(game.result_of(first) or 0.0))
            lucky.append(LuckyGame(game.pair, (result + 1) / 2, sign * one / 2))
        found.append(
            _Pairing(
                titles[first],
                titles[second],
                len(theirs),
                head_to_head(rated, titles[first], titles[second]).interval,
                adjusted_score(lucky),
            )
        )
    return found


def _table(pairings: Sequence[_Pairing]) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("pairing", overflow="fold")
    for heading in ("games", "as played [95 %]", "luck-adjusted [95 %]", "weight", "worth"):
        table.add_column(heading, justify="right", no_wrap=True)
    for one in pairings:
        adjusted = one.adjusted.estimate
        text = str(Interval(adjusted.value, adjusted.low, adjusted.high))
        table.add_row(
            text_line(f"{one.first} v {one.second}"),
            str(one.games),
            str(one.score),
            text if isfinite(adjusted.low) else "too few pairs",
            f"{one.adjusted.weight:.2f}",
            f"{one.adjusted.worth:.2f}",
        )
    return table


def _ends(estimate: Estimate) -> dict[str, float | None]:
    ends = {"value": estimate.value, "low": estimate.low, "high": estimate.high}
    return {name: end if isfinite(end) else None for name, end in ends.items()}
