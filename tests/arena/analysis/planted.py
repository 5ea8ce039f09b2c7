"""Battles of the search against itself in which one choice was made worse, and their logs.

``python -m tests.arena.analysis.planted battles=100 seed=1`` counts in how many of them
``plywise analyse`` with default settings, which reads the spectator's log alone, names that choice
as its player's costliest.  That it is one is confirmed by a search of 50 times as many iterations,
which knows what the player knew: by it the choice costs ``margin`` at least.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from plywise.arena.analysis.battles import log_course
from plywise.arena.analysis.estimates import chance_of
from plywise.arena.analysis.positions import action_in_words
from plywise.arena.analysis.results import AnalysedDecision, GameAnalysis
from plywise.arena.analysis.searching import DecisionSearch
from plywise.arena.bench.reference import judged_actions, long_search
from plywise.arena.ratings.intervals import wilson
from plywise.conf.schemas.analysis import AnalyseConfig
from plywise.datasets.replays.sources import ReplayText
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import InfoState, action_name
from plywise.games.gen9.state import Gen9State, InfoStateView
from plywise.search.simultaneous.config import SimultaneousConfig

_HP = re.compile(r"(?<=\|)(\d+)/(\d+)(?=[ |]|$)")
_PLAY, _WORLDS = 1_000, 8  # iterations and worlds of the player's own decisions
_FOLD = 50
_CONFIRMATIONS = 4  # tried in a battle


@dataclass
class PlantedBattle:
    """A battle with one choice that was made worse.

    Attributes:
        log: as a spectator is sent it.
        player, turn: of the choice; ``info``: what its player knew.
        choice: its name, in words.
        loss: what it costs by the confirming searches, in chances of winning.
        infos: of all decisions of the player: (turn, choice in words) -> what was known.
    """

    log: str
    player: int
    turn: int
    choice: str
    loss: float
    infos: dict[tuple[int, str], InfoState]


def spectator_log(lines: Sequence[str], state: Gen9State, tier: str) -> str:
    """Return the log of a battle that the engine wrote, HP in percent."""
    names = state.labels.players
    head = [f"|player|p{s + 1}|{name}|1|" for s, name in enumerate(names)]
    head += [f"|teamsize|p{s + 1}|6" for s in (0, 1)]
    head += ["|gametype|singles", "|gen|9", f"|tier|{tier}", "|start"]
    return "\n".join([*head, *(_HP.sub(_percent, line) for line in lines)])


def _percent(found: re.Match[str]) -> str:
    hp, most = int(found[1]), int(found[2])
    parts = -(-100 * hp // most)
    return f"{99 if parts == 100 and hp < most else parts}/100"


class _Searcher:
    def __init__(self, iterations: int, worlds: int) -> None:
        budget = SimultaneousConfig(seconds=None, iterations=iterations)
        self._search = long_search(budget, iterations)
        self._worlds = worlds

    def play(self, info: InfoState, seed: int) -> int:
        worlds = InfoStateView(info).worlds(info.player, self._worlds, seed)
        return self._search.decide(worlds, None, info.player, seed).action

    def losses(self, info: InfoState, seed: int) -> dict[int, float]:
        """Return what each action costs, in chances of winning."""
        worlds = InfoStateView(info).worlds(info.player, self._worlds, seed)
        found = judged_actions(self._search, worlds, info.player, seed)
        best = sum(p * chance_of(found.values[a]) for a, p in found.strategy.items())
        return {a: best - chance_of(value) for a, value in found.values.items()}


def planted_battle(seed: int, margin: float) -> PlantedBattle | None:
    """Return a battle of a seed; None: no choice in it could be made worse by the margin."""
    rng = Random(f"{seed} planted")
    state = Gen9Battle().new_initial_state(rng.getrandbits(31))
    player, earliest = rng.randrange(2), rng.randrange(1, 11)
    searchers = [_Searcher(300, 4), _Searcher(300, 4)]
    searchers[player] = _Searcher(_PLAY, _WORLDS)
    screen = _Searcher(_PLAY, 16)
    confirm = _Searcher(_FOLD * AnalyseConfig(file="x").iterations, 16)
    lines = list(state.battle.start_log)
    found: PlantedBattle | None = None
    infos: dict[tuple[int, str], InfoState] = {}
    tried = 0
    while not state.is_terminal():
        pair = [NO_ACTION, NO_ACTION]
        who = state.current_player()
        turn = state.battle.turn
        for one in (0, 1) if who == SIMULTANEOUS else (who,):
            info = state.information_state(one)
            if not info.legal:
                continue
            pair[one] = searchers[one].play(info, rng.getrandbits(62))
            if one != player:
                continue
            wanted = found is None and turn >= earliest and tried < _CONFIRMATIONS
            if wanted and len(info.legal) > 1:
                losses = screen.losses(info, rng.getrandbits(62))
                bad = [a for a, loss in losses.items() if loss >= 1.2 * margin]
                if bad:
                    tried += 1
                    action = rng.choice(bad)
                    loss = confirm.losses(info, rng.getrandbits(62))[action]
                    if loss >= margin:
                        pair[one] = action
                        name = action_in_words(action_name(info, action))
                        found = PlantedBattle("", player, turn, name, loss, infos)
            infos[turn, action_in_words(action_name(info, pair[one]))] = info
        lines += state.battle.clone().apply_actions(pair[0], pair[1], log=True)
        state.apply_actions(pair)
    if found is not None:
        found.log = spectator_log(lines, state, "[Gen 9] Random Battle")
    return found


def analysed(battle: PlantedBattle, config: AnalyseConfig) -> GameAnalysis | None:
    """Return the analysis of the player's choices; None: the log does not tell the planted one.

    A Pokémon that faints or sleeps before it moves leaves no line of what was chosen.
    """
    course = log_course(ReplayText("", 0, "", "", battle.log), str(battle.player))
    told = {(one.turn, action_in_words(one.choice)) for one in course.played if one.choice}
    if (battle.turn, battle.choice) not in told:
        return None
    course.analysis.decisions = list(map(DecisionSearch(config).analysed, course.played))
    return course.analysis


def named(battle: PlantedBattle, analysis: GameAnalysis) -> bool:
    """Return whether an analysis names the planted choice as the costliest."""
    worst = analysis.costliest(battle.player)
    return worst is not None and (worst.turn, worst.choice) == (battle.turn, battle.choice)


def _rank(battle: PlantedBattle, analysis: GameAnalysis) -> tuple[int, AnalysedDecision | None]:
    known = [one for one in analysis.of(battle.player) if one.cost is not None]
    known.sort(key=lambda one: -(one.cost.value if one.cost else 0.0))
    for rank, one in enumerate(known, 1):
        if (one.turn, one.choice) == (battle.turn, battle.choice):
            return rank, one
    return 0, None


def trial(battles: int, seed: int, margin: float) -> Iterator[str]:
    """Yield a line for each battle, then the figures."""
    config = AnalyseConfig(file="x")
    hits = done = marked = excused = skipped = untold = 0
    number = 0
    while done < battles:
        number += 1
        began = time.process_time()
        battle = planted_battle(1_000_000 * seed + number, margin)
        if battle is None:
            skipped += 1
            continue
        made = time.process_time() - began
        analysis = analysed(battle, config)
        if analysis is None:
            untold += 1
            continue
        hit = named(battle, analysis)
        rank, one = _rank(battle, analysis)
        done, hits = done + 1, hits + hit
        marked += one is not None and one.blunder
        said = ""
        worst = analysis.costliest(battle.player)
        if not hit and worst is not None and worst.cost is not None:
            real = _really_lost(battle, worst)
            excused += real is not None and real >= battle.loss
            said = f"; named: turn {worst.turn}, {worst.choice}, {worst.cost.value:.2f} "
            said += "(by 50 times as much: " + ("?)" if real is None else f"{real:.2f})")
        cost = "–" if one is None or one.cost is None else f"{one.cost.value:.2f}"
        yield (
            f"{done} seed {number}: turn {battle.turn}, {battle.choice}, loses {battle.loss:.2f}, "
            f"found {cost}, rank {rank}, {len(analysis.decisions)} decisions, "
            f"{made:.0f} + {time.process_time() - began - made:.0f} s{said}"
        )
    interval = wilson(hits, done)
    yield (
        f"named as the costliest: {hits} of {done}, {interval}; marked as a blunder: {marked}; "
        f"of the others {excused} named one that costs more by 50 times as much; "
        f"{skipped} battles without such a choice, {untold} whose log does not tell it"
    )


def _really_lost(battle: PlantedBattle, worst: AnalysedDecision) -> float | None:
    """Return what another choice costs by a confirming search; None: it is not found again."""
    info = battle.infos.get((worst.turn, worst.choice))
    if info is None:
        return None
    confirm = _Searcher(_FOLD * AnalyseConfig(file="x").iterations, 16)
    losses = confirm.losses(info, 7)
    return next(
        (v for a, v in losses.items() if action_in_words(action_name(info, a)) == worst.choice),
        None,
    )


def main() -> None:
    """Run the trial of the command line."""
    asked: dict[str, Any] = dict(word.split("=") for word in sys.argv[1:])
    for line in trial(
        int(asked.get("battles", 100)), int(asked.get("seed", 1)), float(asked.get("margin", 0.2))
    ):
        print(line, flush=True)


if __name__ == "__main__":
    main()
