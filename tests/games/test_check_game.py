"""``check_game`` passes sound games and catches every kind of broken one."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

import numpy as np
import pytest

from plywise.engine.boards import tic_tac_toe as kernels
from plywise.engine.kernels import RulesKernels
from plywise.games.base import (
    CHANCE,
    SIMULTANEOUS,
    TERMINAL,
    Briefing,
    Game,
    GameInfo,
    IllegalActionError,
    Option,
    State,
)
from plywise.games.check import GameContractError, check_game
from plywise.games.grid.connect_four import ConnectFour
from plywise.games.grid.placing import PlacingState
from plywise.games.grid.tic_tac_toe import TicTacToe, TicTacToeState

# --- sound games ------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    "game",
    [
        TicTacToe(),
        ConnectFour(),
        ConnectFour(rows=7, columns=7),
        ConnectFour(rows=7, columns=8),
        ConnectFour(rows=15, columns=4),
        ConnectFour(rows=3, columns=12),
        ConnectFour(rows=1, columns=5),
    ],
    ids=lambda g: f"{g.info.name}-{g.rows}x{g.columns}",
)
def test_board_games_pass(game: Game) -> None:
    seen = check_game(game, plays=5, seed=11)
    assert seen.plays == 5
    assert seen.positions > 5
    assert seen.longest <= game.max_game_length()


class CardsState(State):
    """Each player is dealt a card, then both bet or fold at once; the higher card wins.

    A chance node, a simultaneous node, hidden information: the smallest game with all of them.
    """

    def __init__(self, game: "Cards") -> None:
        self.game = game
        self.cards: list[int] = []
        self.bets: tuple[int, ...] = ()

    def current_player(self) -> int:
        return CHANCE if len(self.cards) < 2 else TERMINAL if self.bets else SIMULTANEOUS

    def chance_outcomes(self) -> list[tuple[int, float]]:
        return [(k, 0.25) for k in range(4)]

    def legal_actions(self, player: int | None = None) -> list[int]:
        return [0, 1] if self.current_player() == SIMULTANEOUS and player is not None else []

    def apply_action(self, action: int) -> None:
        if self.current_player() != CHANCE or action not in range(4):
            raise IllegalActionError(f"{action} is no card")
        self.cards.append(action)

    def apply_actions(self, actions: Sequence[int]) -> None:
        if self.current_player() != SIMULTANEOUS or not set(actions) <= {0, 1}:
            raise IllegalActionError(f"{actions} are no bets")
        self.bets = tuple(actions)

    def returns(self) -> list[float]:
        if not self.bets or self.cards[0] == self.cards[1]:
            return [0.0, 0.0]
        stake = 0.5 * sum(self.bets)
        return [stake, -stake] if self.cards[0] > self.cards[1] else [-stake, stake]

    def clone(self) -> "CardsState":
        copy = type(self)(self.game)
        copy.cards, copy.bets = self.cards.copy(), self.bets
        return copy

    def action_to_string(self, player: int, action: int) -> str:
        return ("fold", "bet")[action]

    def observation_string(self, player: int) -> str:
        own = self.cards[player] if len(self.cards) > player else "?"
        return f"card {own}" if not self.bets else f"cards {self.cards}, bets {self.bets}"

    def resample_from_infostate(self, player: int, rng: Random) -> "CardsState":
        copy = self.clone()
        if not self.bets and len(self.cards) > 1 - player:
            copy.cards[1 - player] = rng.randrange(4)
        return copy

    def serialize(self) -> str:
        return f"{self.cards}|{list(self.bets)}"


@dataclass(frozen=True)
class Cards(Game):
    info: GameInfo = field(
        init=False,
        default=GameInfo("cards", "a toy", True, stochastic=True, hidden_information=True),
    )
    state: type[CardsState] = CardsState

    def new_initial_state(self, seed: int = 0) -> CardsState:
        return self.state(self)

    def deserialize_state(self, text: str) -> CardsState:
        state = self.state(self)
        cards, bets = (x.strip("[]") for x in text.split("|"))
        state.cards = [int(x) for x in cards.split(",") if x]
        state.bets = tuple(int(x) for x in bets.split(",") if x)
        return state

    def num_distinct_actions(self) -> int:
        return 2

    def max_game_length(self) -> int:
        return 1


def test_chance_simultaneous_and_hidden_information_pass() -> None:
    seen = check_game(Cards(), plays=20)
    assert seen.worlds > 0


# --- broken games: each breaks one law --------------------------------------------------------


class SharedBoard(TicTacToeState):
    def clone(self) -> "SharedBoard":
        copy = super().clone()
        copy.owner = self.owner
        return copy


class ForgetfulClone(TicTacToeState):
    def clone(self) -> "ForgetfulClone":
        copy = super().clone()
        copy.moves = copy.moves[:-1]
        return copy


class OffersTakenSquares(TicTacToeState):
    def legal_actions(self, player: int | None = None) -> list[int]:
        return list(range(9)) if super().legal_actions(player) else []


class AcceptsAnything(TicTacToeState):
    def apply_action(self, action: int) -> None:
        self.owner[self._square(action % 9)] = len(self.moves) % 2
        self.moves.append(action % 9)
        if len(self.moves) >= 9:
            self.winner = -1


class ChangesBeforeItRefuses(TicTacToeState):
    def apply_action(self, action: int) -> None:
        if action not in self.legal_actions():
            self.owner[0, 0] = 1
        super().apply_action(action)


class RefusesWithKeyError(TicTacToeState):
    def apply_action(self, action: int) -> None:
        if action not in self.legal_actions():
            raise KeyError(action)
        super().apply_action(action)


class BothWin(TicTacToeState):
    def returns(self) -> list[float]:
        return [1.0, 1.0] if self.is_terminal() else [0.0, 0.0]


class TooMuch(TicTacToeState):
    def returns(self) -> list[float]:
        return [3.0, -3.0] if self.is_terminal() else [0.0, 0.0]


class PaysEarly(TicTacToeState):
    def returns(self) -> list[float]:
        return super().returns() if self.is_terminal() else [0.5, -0.5]


class NotANumber(TicTacToeState):
    def returns(self) -> list[float]:
        return [float("nan")] * 2


class LosesAMove(TicTacToeState):
    def serialize(self) -> str:
        copy = TicTacToeState.clone(self)
        copy.moves = copy.moves[:-1] if len(copy.moves) > 3 else copy.moves
        return TicTacToeState.serialize(copy)


class CannotSerialize(TicTacToeState):
    def serialize(self) -> str:
        raise RuntimeError("not today")


class OneName(TicTacToeState):
    def action_to_string(self, player: int, action: int) -> str:
        return "mark"


class ReadsBackWrong(TicTacToeState):
    def string_to_action(self, text: str, player: int | None = None) -> int:
        return self.legal_actions()[0]


class Unsorted(TicTacToeState):
    def legal_actions(self, player: int | None = None) -> list[int]:
        return super().legal_actions(player)[::-1]


class PlaysOn(TicTacToeState):
    def legal_actions(self, player: int | None = None) -> list[int]:
        return self._open_actions() if self.is_terminal() else super().legal_actions(player)


class OutOfRange(TicTacToeState):
    def legal_actions(self, player: int | None = None) -> list[int]:
        legal = super().legal_actions(player)
        return [*legal, 9] if legal else legal


class NobodyMoves(TicTacToeState):
    def legal_actions(self, player: int | None = None) -> list[int]:
        return []


class StrangePlayer(TicTacToeState):
    def current_player(self) -> int:
        return 7


class TerminalInDoubt(TicTacToeState):
    def is_terminal(self) -> bool:
        return False


class BriefsTooLittle(TicTacToeState):
    def briefing(self, player: int) -> Briefing:
        full = super().briefing(player)
        return replace(full, own=full.own[1:])


class BriefsTheOther(TicTacToeState):
    def briefing(self, player: int) -> Briefing:
        return replace(super().briefing(player), player=1 - player)


class BriefsOneLabel(TicTacToeState):
    def briefing(self, player: int) -> Briefing:
        full = super().briefing(player)
        return replace(full, own=tuple(Option(o.action, "x") for o in full.own))


class BriefsStrangeReplies(TicTacToeState):
    def briefing(self, player: int) -> Briefing:
        return replace(super().briefing(player), opponent=(Option(99, "z"),))


class WrongWorld(TicTacToeState):
    def resample_from_infostate(self, player: int, rng: Random) -> State:
        return TicTacToe().new_initial_state()


class FlatForgets(TicTacToeState):
    def flat(self) -> np.ndarray[Any, Any]:
        pool = super().flat()
        pool[0].marks[0] = 0
        return pool


@dataclass(frozen=True)
class Broken(TicTacToe):
    """Tic-tac-toe with another state class, length or kernels."""

    state: type[PlacingState] = TicTacToeState
    rules: RulesKernels | None = None
    length: int = 9

    def new_initial_state(self, seed: int = 0) -> TicTacToeState:
        state = self.state(self)
        assert isinstance(state, TicTacToeState)
        return state

    def max_game_length(self) -> int:
        return self.length

    def kernels(self) -> RulesKernels:
        return self.rules or kernels.rules()


def forgets_last(pool: Any, i: int, player: int, out: Any) -> int:
    return max(int(kernels.legal(pool, i, player, out)) - 1, 0)


def overflows(pool: Any, i: int, player: int, out: Any) -> int:
    return 40


def always_first(pool: Any, i: int) -> int:
    return 0 if kernels.current(pool, i) != TERMINAL else TERMINAL


def draws(pool: Any, i: int) -> float:
    return 0.0


def too_sure(pool: Any, i: int) -> float:
    return 1.0


def marks_for_the_other(pool: Any, i: int, a0: int, a1: int) -> None:
    kernels.step(pool, i, a0, a1)
    pool[i].marks = pool[i].marks[::-1].copy()


def broken_kernel(**parts: Any) -> Broken:
    return Broken(rules=replace(kernels.rules(), **parts))


class Vacuous(CardsState):
    def resample_from_infostate(self, player: int, rng: Random) -> "CardsState":
        return self.clone()


class ShowsBoth(CardsState):
    def observation_string(self, player: int) -> str:
        return f"cards {self.cards}, bets {self.bets}"


class HidesInObservationOnly(CardsState):
    def information_state_string(self, player: int) -> str:
        return f"cards {self.cards}, bets {self.bets}"


class BriefingTells(CardsState):
    def briefing(self, player: int) -> Briefing:
        return replace(super().briefing(player), situation=str(self.cards))


class LegalTells(CardsState):
    def legal_actions(self, player: int | None = None) -> list[int]:
        legal = super().legal_actions(player)
        return legal[:1] if legal and player is not None and self.cards[1 - player] == 3 else legal


class OddDeck(CardsState):
    def chance_outcomes(self) -> list[tuple[int, float]]:
        return [(k, 0.2) for k in range(4)]


class SameWorld(CardsState):
    def resample_from_infostate(self, player: int, rng: Random) -> "CardsState":
        return self


class TakesAnyBet(CardsState):
    def apply_actions(self, actions: Sequence[int]) -> None:
        self.bets = tuple(min(max(a, 0), 1) for a in actions)


BROKEN = [
    ("independent clones", Broken(state=SharedBoard)),
    ("independent clones", Broken(state=ForgetfulClone)),
    ("legal actions", Broken(state=OffersTakenSquares)),
    ("illegal actions", Broken(state=AcceptsAnything)),
    ("illegal actions", Broken(state=ChangesBeforeItRefuses)),
    ("illegal actions", Broken(state=RefusesWithKeyError)),
    ("returns", Broken(state=BothWin)),
    ("returns", Broken(state=TooMuch)),
    ("returns", Broken(state=PaysEarly)),
    ("returns", Broken(state=NotANumber)),
    ("serialisation", Broken(state=LosesAMove)),
    ("serialisation", Broken(state=CannotSerialize)),
    ("action strings", Broken(state=OneName)),
    ("action strings", Broken(state=ReadsBackWrong)),
    ("legal actions", Broken(state=Unsorted)),
    ("legal actions", Broken(state=PlaysOn)),
    ("legal actions", Broken(state=OutOfRange)),
    ("legal actions", Broken(state=NobodyMoves)),
    ("legal actions", Broken(state=TerminalInDoubt)),
    ("the current player", Broken(state=StrangePlayer)),
    ("the longest game", Broken(length=4)),
    ("briefings", Broken(state=BriefsTooLittle)),
    ("briefings", Broken(state=BriefsTheOther)),
    ("briefings", Broken(state=BriefsOneLabel)),
    ("briefings", Broken(state=BriefsStrangeReplies)),
    ("hidden information", Broken(state=WrongWorld)),
    ("hidden information", Cards(state=Vacuous)),
    ("hidden information", Cards(state=ShowsBoth)),
    ("hidden information", Cards(state=HidesInObservationOnly)),
    ("hidden information", Cards(state=BriefingTells)),
    ("hidden information", Cards(state=LegalTells)),
    ("hidden information", Cards(state=SameWorld)),
    ("chance outcomes", Cards(state=OddDeck)),
    ("illegal actions", Cards(state=TakesAnyBet)),
    ("kernels", Broken(state=FlatForgets)),
    ("kernels", broken_kernel(legal=forgets_last)),
    ("kernels", broken_kernel(legal=overflows)),
    ("kernels", broken_kernel(current=always_first)),
    ("kernels", broken_kernel(returns=draws)),
    ("kernels", broken_kernel(evaluate=too_sure)),
    ("kernels", broken_kernel(step=marks_for_the_other)),
    ("kernels", broken_kernel(num_actions=10)),
    ("kernels", broken_kernel(dtype=np.dtype([("rng", np.uint64)]))),
]


@pytest.mark.parametrize(
    ("law", "game"),
    BROKEN,
    ids=[f"{k}-{law.replace(' ', '_')}" for k, (law, _) in enumerate(BROKEN)],
)
def test_each_law_can_fail_and_its_error_reproduces_it(law: str, game: Game) -> None:
    with pytest.raises(GameContractError) as caught:
        check_game(game, plays=10, seed=5)
    error = caught.value
    assert error.law == law, error
    assert f"seed={error.seed}" in str(error)
    assert str(error.moves) in str(error)
    if law != "hidden information":  # a vacuous resampling shows only over many games
        with pytest.raises(GameContractError) as again:
            check_game(game, plays=1, seed=error.seed)
        assert (again.value.law, again.value.moves) == (law, error.moves)


def test_the_reported_moves_lead_to_the_broken_position() -> None:
    with pytest.raises(GameContractError) as caught:
        check_game(Broken(state=LosesAMove), plays=10)
    moves = caught.value.moves
    assert len(moves) == 4  # the first position in which a move is lost
    state = Broken(state=LosesAMove).new_initial_state(caught.value.seed)
    for move in moves:
        assert isinstance(move, int)
        state.apply_action(move)
    assert len(state.moves) == 4


def test_no_plays_is_no_check() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        check_game(TicTacToe(), plays=0)
