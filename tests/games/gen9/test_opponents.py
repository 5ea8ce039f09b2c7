"""Opponents followed through battles: what was seen is what was chosen, and the search is told."""

from __future__ import annotations

from collections import Counter
from random import Random

import numpy as np
import pytest

from plywise.engine.kernels import NO_ACTION
from plywise.games.gen9.game import Gen9Battle
from plywise.games.gen9.infostate import SWITCH, InfoState, action_name
from plywise.games.gen9.opponents.choices import canonical_name
from plywise.games.gen9.opponents.model import load_opponent_model
from plywise.games.gen9.opponents.session import OpponentSession, chosen_in_turn


@pytest.mark.slow
@pytest.mark.parametrize("format", ["gen9randombattle", "gen9ou"])
def test_what_a_session_learns_from_is_what_the_opponent_chose(format: str) -> None:
    counts: Counter[str] = Counter()
    for seed in (1, 2, 3):
        state, rng = Gen9Battle(format).new_initial_state(seed), Random(seed)
        truth: dict[int, str] = {}
        while not state.is_terminal():
            chosen = [NO_ACTION, NO_ACTION]
            for player in (0, 1):
                info = state.information_state(player)
                if not (legal := state.battle.legal_actions(player)):
                    continue
                chosen[player] = rng.choice(legal)
                if player == 1 and info.request == "move":
                    truth[info.turn] = canonical_name(action_name(info, chosen[1]))
                if player == 0 and info.request == "move" and info.turn - 1 in truth:
                    names = chosen_in_turn(info, info.turn - 1)
                    counts["unknown" if not names else "known"] += 1
                    if names and truth[info.turn - 1] not in (*names, "go on"):
                        counts["wrong"] += 1
            state.apply_actions(chosen)
    # Wrong: a move that calls another in its user's sleep, Illusions.
    assert counts["wrong"] <= 0.02 * counts["known"]
    assert counts["known"] > 60
    assert counts["unknown"] < 0.35 * counts["known"]


@pytest.mark.slow
def test_a_session_predicts_known_actions_and_comes_to_know_a_player_at_random() -> None:
    model = load_opponent_model()
    shares = []
    for seed in (4, 5, 6):
        state, rng = Gen9Battle("gen9randombattle").new_initial_state(seed), Random(seed)
        session = OpponentSession(model)
        before = session.style_weights
        while not state.is_terminal():
            chosen = [NO_ACTION, NO_ACTION]
            for player in (0, 1):
                info: InfoState = state.information_state(player)
                if not (legal := state.battle.legal_actions(player)):
                    continue
                chosen[player] = rng.choice(legal)
                if player == 0 and len(legal) > 1:
                    found = session.predict(info, state.worlds(0, 2, seed))
                    assert all(p >= 0.0 for p in found.values())
                    assert sum(found.values()) <= 1.0 + 1e-6
                    switches = {a - SWITCH for a in found if a >= SWITCH}
                    assert all(k < len(info.foe.mons) for k in switches)
            state.apply_actions(chosen)
        shares.append(session.style_weights - before)
    # The same style has gained in all three battles: the one that goes least by the static policy.
    gained = np.min(shares, axis=0)
    assert int(np.argmax(gained)) == int(np.argmin(model.styles[:, _prior()]))


def _prior() -> int:
    from plywise.games.gen9.opponents.features import OPPONENT_FEATURES

    return OPPONENT_FEATURES.index("prior")
