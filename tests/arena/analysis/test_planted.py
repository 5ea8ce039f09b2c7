"""Planted blunders: logs that the engine writes, and that the analysis names the choice."""

from __future__ import annotations

from random import Random

import pytest

from plywise.arena.analysis.battles import log_course
from plywise.datasets.replays.sources import ReplayText
from plywise.engine.kernels import NO_ACTION, SIMULTANEOUS
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import action_name

from . import planted


def test_choices_of_an_engine_battle_are_read_from_its_log() -> None:
    rng = Random(3)
    state = Gen9Battle().new_initial_state(3)
    lines, made = list(state.battle.start_log), []
    while not state.is_terminal():
        pair = [NO_ACTION, NO_ACTION]
        who = state.current_player()
        for player in (0, 1) if who == SIMULTANEOUS else (who,):
            pair[player] = rng.choice(state.legal_actions(player))
            info = state.information_state(player)
            made.append((state.battle.turn, player, action_name(info, pair[player])))
        lines += state.battle.clone().apply_actions(pair[0], pair[1], log=True)
        state.apply_actions(pair)
    log = planted.spectator_log(lines, state, "[Gen 9] Random Battle")
    found = log_course(ReplayText("", 0, "", "", log), "both")
    assert [(one.turn, one.player) for one in found.played] == [place[:2] for place in made]
    told = [
        (one, choice) for one, (_, _, choice) in zip(found.played, made, strict=True) if one.choice
    ]
    assert len(told) > len(made) / 2
    assert all(one.choice == choice for one, choice in told)
    assert found.analysis.result.endswith(" won")


@pytest.mark.long
def test_planted_blunders_are_named() -> None:
    *_, figures = planted.trial(40, seed=7, margin=0.2)
    hits, battles = map(
        int, figures.removeprefix("named as the costliest: ").split(",")[0].split(" of ")
    )
    assert battles == 40
    assert hits >= 0.9 * battles
