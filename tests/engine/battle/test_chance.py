"""Random draws of the battle engine: Showdown's generator, and scripts that are fed and checked."""

from typing import Any

import numpy as np

from plywise.engine.battle import chance
from plywise.engine.battle.state import BATTLE


def _roll(pool: Any, i: int, low: int, n: int) -> int:
    return int(chance.roll_in(pool, i, chance.SITE_DAMAGE, low, n))


def _chance(pool: Any, i: int, num: int, n: int) -> int:
    return int(chance.chance_in(pool, i, chance.SITE_ACCURACY, num, n))


def _seed(words: tuple[int, int, int, int]) -> int:
    return words[0] << 48 | words[1] << 32 | words[2] << 16 | words[3]


def test_the_generator_is_showdowns() -> None:
    """Drawn by ``new PRNG('1,2,3,4')`` of pokemon-showdown 0.11.11."""
    pool = np.zeros(1, BATTLE)
    pool[0]["rng"] = _seed((1, 2, 3, 4))
    assert [_roll(pool, 0, 0, 100) for _ in range(8)] == [47, 88, 66, 13, 84, 57, 95, 38]
    assert [_roll(pool, 0, 2, 3) for _ in range(4)] == [4, 4, 2, 2]
    assert int(pool[0]["rng"]) == _seed((14735, 5508, 9502, 51264))


def test_a_script_is_followed_and_checked() -> None:
    pool = np.zeros(1, BATTLE)
    pool[0]["rng"] = 7
    script = chance.new_script([(3, 0, 10, 2), (chance.PLAIN, 2, 3, 4), (1, 0, 24, 0)])
    chance.attach_script(pool[0], script)
    assert _chance(pool, 0, 3, 10) == 1
    assert _roll(pool, 0, 2, 3) == 4
    assert not chance.script_report(script).exact  # a draw is left over
    assert _roll(pool, 0, 0, 16) == 0
    found = chance.script_report(script)
    assert (found.used, found.mismatches, found.position) == (3, 1, 2)
    assert (found.site, found.got) == ("damage", (chance.PLAIN, 0, 16))
    _roll(pool, 0, 5, 16)  # beyond the end: the lowest value, and one mismatch more
    assert chance.script_report(script).mismatches == 2
    chance.detach_script(pool[0], seed=7)
    assert int(pool[0]["rng"]) == 7


def test_an_exact_script() -> None:
    pool = np.zeros(1, BATTLE)
    script = chance.new_script([(100, 0, 100, 99)])
    chance.attach_script(pool[0], script)
    assert _chance(pool, 0, 100, 100) == 1
    assert chance.script_report(script).exact


def test_a_sampled_script_goes_on_with_a_generator_and_writes_down() -> None:
    plain, scripted = np.zeros(1, BATTLE), np.zeros(1, BATTLE)
    plain[0]["rng"] = scripted[0]["rng"] = _seed((1, 2, 3, 4))
    script = chance.resumed(scripted[0])
    chance.attach_script(scripted[0], script)
    draws = [_roll(scripted, 0, 2, 30) for _ in range(20)]
    chance.detach_script(scripted[0], chance.generator(script))
    assert draws == [_roll(plain, 0, 2, 30) for _ in range(20)]
    assert scripted.tobytes() == plain.tobytes()
    assert len(chance.written(script)) == 0  # there was no room
    pool, script = np.zeros(1, BATTLE), chance.new_sampler(7, room=3)
    chance.attach_script(pool[0], script)
    results = [
        _chance(pool, 0, 1, 3),
        _roll(pool, 0, 5, 4),
        _roll(pool, 0, 0, 9),
        _roll(pool, 0, 0, 2),
    ]
    kinds = [(1, 0, 3), (chance.PLAIN, 5, 4), (chance.PLAIN, 0, 9)]
    rows = chance.written(script).tolist()
    assert [tuple(row[:3]) for row in rows] == kinds
    assert [row[3] < 1 if row[0] >= 0 else row[3] for row in rows] == [
        bool(results[0]),
        *results[1:3],
    ]


def test_an_explored_script_takes_first_branches_after_its_prefix() -> None:
    pool, script = np.zeros(1, BATTLE), chance.new_explorer(room=8)
    chance.attach_script(pool[0], script)
    assert _chance(pool, 0, 3, 10) == 1  # it happens, where it can
    assert _chance(pool, 0, 0, 10) == 0
    assert _roll(pool, 0, 4, 6) == 4
    assert [row[:3] for row in chance.written(script).tolist()] == [
        [3, 0, 10],
        [0, 0, 10],
        [chance.PLAIN, 4, 6],
    ]
    script[chance.CURSOR], script[chance.LENGTH] = 0, 1
    script[chance.HEADER + chance.RESULT] = 3
    assert _chance(pool, 0, 3, 10) == 0  # as the prefix says
    assert _roll(pool, 0, 4, 6) == 4
