"""Facts of Othello and Goofspiel in briefings, against kernels, rules and plain enumeration."""

import re
from itertools import combinations
from random import Random

import numpy as np
import pytest

from plywise.engine.boards import othello as kernels
from plywise.games.base import State
from plywise.games.goofspiel import Goofspiel, GoofspielState
from plywise.games.grid.othello import PASS, Othello, OthelloState

CORNERS = {0: "a1", 7: "h1", 56: "a8", 63: "h8"}


def othello(seed: object, discs: int) -> OthelloState | None:
    """Return a random position with so many discs, None if the game ended before."""
    random = Random(f"othello facts/{seed}")
    state = Othello().new_initial_state()
    while not state.is_terminal() and len(state.owner) < discs:
        state.apply_action(random.choice(state.legal_actions()))
    return None if state.is_terminal() else state


def count_bits(bits: int | np.uint64) -> int:
    return int(bits).bit_count()


def counted(pattern: str, facts: str) -> int | None:
    found = re.search(pattern, facts)
    return int(found[1]) if found else None


def squares(bits: int) -> set[int]:
    return {k for k in range(64) if bits >> k & 1}


@pytest.mark.slow
def test_othello_facts_agree_with_the_kernels() -> None:
    kernels.rules()
    said: dict[str, int] = {}
    for seed in range(240):
        state = othello(seed, (8, 25, 40, 55, 61, 62, 63, 63)[seed % 8])
        if state is None:
            continue
        player = state.current_player()
        before = state.flat()
        own, other = before[0].discs[player], before[0].discs[1 - player]
        for option in state.briefing(player).own:
            facts = option.facts
            if option.action == PASS:
                assert facts == "the only move"
                continue
            assert counted(r"turns (\d+)$", facts) == count_bits(
                kernels.turned(own, other, option.action)
            )
            pool = before.copy()
            kernels.step(pool, 0, option.action, option.action)
            mine, theirs = pool[0].discs[player], pool[0].discs[1 - player]
            if pool[0].over:
                margin = count_bits(mine) - count_bits(theirs)
                word = {1: "wins now", -1: "loses now", 0: "ends in a draw"}[int(np.sign(margin))]
                assert facts.startswith(f"{word}, {count_bits(mine)} to {count_bits(theirs)};")
                said[word] = said.get(word, 0) + 1
                continue
            replies = squares(int(kernels.moves(theirs, mine)))
            moves = count_bits(kernels.moves(mine, theirs))
            if replies:
                assert counted(r"opponent (\d+) moves?, you \d", facts) == len(replies)
                assert counted(r"opponent \d+ moves?, you (\d+)", facts) == moves
            else:
                assert counted(r"the opponent must pass, you have (\d+) move", facts) == moves
            given = ", ".join(name for corner, name in CORNERS.items() if corner in replies)
            assert (f"allows corner {given};" in facts) == bool(given)
            assert ("allows corner" in facts) == bool(given)
            assert ("takes a corner" in facts) == (option.action in CORNERS)
            occupied = squares(int(mine) | int(theirs))
            row, column = divmod(option.action, 8)
            near = [
                name
                for corner, name in CORNERS.items()
                if corner not in occupied
                and abs(corner // 8 - row) <= 1
                and abs(corner % 8 - column) <= 1
            ]
            beside = re.search(r"beside empty corner ([^;]*);", facts)
            assert (beside[1].split(", ") if beside else []) == near
            for word in ("allows", "takes", "beside", "must pass", "more stable"):
                said[word] = said.get(word, 0) + (word in facts)
    assert {"wins now", "loses now"} <= said.keys()  # drawn ends are rare
    assert min(said.values()) > 0


def ever_turned(own: int, other: int, seen: set[tuple[int, int]]) -> int:
    """Return the squares whose disc changes hands in some line of play; ``own`` is to move."""
    if (own, other) in seen:
        return 0
    seen.add((own, other))
    mine, theirs = np.uint64(own), np.uint64(other)
    found = 0
    replies = squares(int(kernels.moves(mine, theirs)))
    for square in replies:
        flips = int(kernels.turned(mine, theirs, square))
        found |= flips | ever_turned(other & ~flips, own | flips | 1 << square, seen)
    if not replies and int(kernels.moves(theirs, mine)):
        found |= ever_turned(other, own, seen)
    return found


def test_stable_discs_are_never_turned() -> None:
    stable = turned = 0
    for seed in range(12):
        state = othello(f"late {seed}", 58)
        if state is None:
            continue
        pool = state.flat()
        mover = state.current_player()
        found = squares(
            ever_turned(int(pool[0].discs[mover]), int(pool[0].discs[1 - mover]), set())
        )
        firm = {8 * r + c for p in (0, 1) for r, c in state.stable(p)}
        assert firm.isdisjoint(found)
        stable, turned = stable + len(firm), turned + len(found)
    assert stable > 100
    assert turned > 50
    for seed in range(60):  # and earlier in games, along one line of play
        random = Random(seed)
        line = othello(f"early {seed}", 20 + seed % 30)
        if line is None:
            continue
        owners = {square: p for p in (0, 1) for square in line.stable(p)}
        while not line.is_terminal():
            line.apply_action(random.choice(line.legal_actions()))
            assert owners.items() <= line.owner.items()


def test_all_discs_of_a_full_board_are_stable_and_a_lone_corner_is() -> None:
    state = OthelloState(Othello())
    state.owner = {(k // 8, k % 8): k * 7 % 3 % 2 for k in range(64)}
    assert len(state.stable(0)) + len(state.stable(1)) == 64
    state.owner = {(0, 0): 0, (0, 1): 0, (1, 0): 1, (4, 4): 0}
    assert state.stable(0) == {(0, 0), (0, 1)}
    assert state.stable(1) == set()


def goofspiel(seed: object, cards: int, left: int, order: str = "random") -> GoofspielState:
    """Return a random position with so many cards left in each hand."""
    random = Random(f"goofspiel facts/{seed}")
    state = Goofspiel(cards, order).new_initial_state(random.getrandbits(20))
    for _ in range(cards - left):
        state.apply_actions([random.choice(state.legal_actions(p)) for p in (0, 1)])
    return state


def test_facts_of_a_card_agree_with_the_rules() -> None:
    said: dict[str, int] = {}
    for seed in range(60):
        state = goofspiel(seed, 8, 1 + seed % 8)
        for player in (0, 1):
            briefing = state.briefing(player)
            for side, options in ((player, briefing.own), (1 - player, briefing.opponent)):
                assert [o.action for o in options] == state.legal_actions(side)
                won_with = {}
                for option in options:
                    won = tied = 0
                    theirs = state.legal_actions(1 - side)
                    for reply in theirs:
                        after = state.clone()
                        pair = (option.action, reply) if side == 0 else (reply, option.action)
                        after.apply_actions(pair)
                        won += after.points(side) > state.points(side)
                        tied += after.points(0) == state.points(0) and (
                            after.points(1) == state.points(1)
                        )
                    won_with[option.action] = won
                    fact = option.facts.split(";")[0]
                    word = fact.split(",")[0]
                    if won == len(theirs):
                        assert word == "surely takes the prize"
                    elif won == 0:
                        assert word == "cannot take the prize"
                    else:
                        assert word == f"takes the prize against {won} of {len(theirs)} cards"
                    assert ("can tie" in fact) == bool(tied)
                    sure = [a for a, n in won_with.items() if n == len(theirs)]
                    if "the lowest that does" in fact:
                        assert sure == [option.action]
                    for key in (word[:8], *fact.split(", ")[1:]):
                        said[key] = said.get(key, 0) + 1
    assert set(said) == {"surely t", "cannot t", "takes th", "can tie", "the lowest that does"}


def against_a_seer(state: State, player: int, bid: int | None = None) -> int:
    """The result that ``player`` is sure of against who sees each bid, by the game's own rules."""
    if state.is_terminal():
        return int(state.returns()[player])
    found = []
    for mine in state.legal_actions(player) if bid is None else [bid]:
        worst = 1
        for theirs in state.legal_actions(1 - player):
            after = state.clone()
            after.apply_actions((mine, theirs) if player == 0 else (theirs, mine))
            worst = min(worst, against_a_seer(after, player))
        found.append(worst)
    return max(found)


def test_guarantees_hold_against_an_opponent_that_sees_every_bid() -> None:
    words = {1: "guarantees a win", 0: "guarantees a draw", -1: "may lose"}
    said = dict.fromkeys(words.values(), 0)
    for seed in range(60):
        state = goofspiel(f"end {seed}", 7, 1 + seed % 4)
        for player in (0, 1):
            briefing = state.briefing(player)
            for side, options in ((player, briefing.own), (1 - player, briefing.opponent)):
                for option in options:
                    expected = words[against_a_seer(state, side, option.action)]
                    assert option.facts.split("; ")[1] == expected
                    said[expected] += 1
    assert min(said.values()) > 5


@pytest.mark.parametrize("cards", [5, 7])
def test_points_that_are_enough_are_enough(cards: int) -> None:
    """Deal the prizes that are left to the two in every way, as if no bids were equal."""
    said = dict.fromkeys(("won", "needed", "draw", "Taking", "Losing"), 0)
    for seed in range(80):
        state = goofspiel(f"enough {seed}", cards, 1 + seed % (cards - 1))
        prizes = state.prizes[len(state.bids) :]
        for player in (0, 1):
            own, other = state.points(player), state.points(1 - player)
            outlook = state.briefing(player).situation.splitlines()[-1]
            results = {
                taken: own + sum(taken) - (other + sum(prizes) - sum(taken))
                for n in range(len(prizes) + 1)
                for taken in combinations(prizes, n)
            }
            if outlook.startswith("The game is decided"):
                assert len({np.sign(r) for r in results.values()}) == 1
                assert ("you have won" in outlook) == (results[()] > 0)
                said["won"] += 1
                continue
            enough = counted(r"You will have won with (\d+) of them", outlook)
            if enough is None:
                assert "You can only draw." in outlook
                assert max(results.values()) == 0
                said["draw"] += 1
            else:
                assert all((r > 0) == (sum(t) >= enough) for t, r in results.items())
                said["needed"] += 1
            enough = counted(r"The opponent will have won with (\d+) of them", outlook)
            if enough is not None:
                left = sum(prizes)
                assert all((r < 0) == (left - sum(t) >= enough) for t, r in results.items())
            taking = all(r > 0 for t, r in results.items() if prizes[0] in t)
            losing = all(r < 0 for t, r in results.items() if prizes[0] not in t)
            assert ("Taking this prize wins the game." in outlook) == taking
            assert ("Losing this prize loses the game." in outlook) == losing
            said["Taking"] += taking
            said["Losing"] += losing
    assert min(said.values()) > 0
