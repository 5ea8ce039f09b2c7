"""Trials of the reading of replays, on logs of recorded battles, which tell the truth beside them.

``python -m tests.games.gen9.replay_trials CORPUS… plants=1000 cuts=1000 mutants=10000 seed=1``
counts, over all battles of corpora recorded with streams:

- choices that were read wrongly, and public facts that are not those of the players' own channels;
- futures planted in logs that are found in earlier rows of the opponent's columns;
- rows that change where the log is cut behind them;
- mutated logs that end in anything but rows or a reason.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from plywise.datasets.battle_corpus import RecordedBattle, RecordedStep, read_corpus
from plywise.datasets.set_priors import base_species
from plywise.engine.battle.border import codec
from plywise.engine.battle.names import MOVE_NAMES
from plywise.games.gen9.infostate import (
    FORCED,
    PASS,
    SWITCH,
    TERA,
    Condition,
    InfoState,
    SideView,
    from_json,
)
from plywise.games.gen9.replays.decisions import ReplayBattle, ReplayRow, replay_decisions
from plywise.games.gen9.replays.log import BattleLogError
from plywise.games.gen9.tracking.wire import channel, shown_hp
from plywise.games.showdown.channel import BattleChannel

assert MOVE_NAMES  # of the engine, whose numbers the corpora are read by


def log_of(battle: RecordedBattle) -> str:
    """Return the log as a spectator was sent it."""
    parts = (battle.start_raw, *(step.raw for step in battle.steps))
    return "\n".join(line for part in parts for line in channel(part, None))


def rows_of(battle: ReplayBattle, player: int) -> list[ReplayRow]:
    """Return a player's rows behind Team Preview."""
    return [row for row in battle.rows if row.player == player and row.request != "preview"]


def steps_of(battle: RecordedBattle, player: int) -> list[RecordedStep]:
    """Return the steps in which a player had something to choose."""
    return [step for step in battle.steps if step.choices[player] is not None]


def true_name(choice: str, step: RecordedStep, player: int) -> str:
    """Return the name of a choice that was really made, formes as base species."""
    action, side = codec.action_of(choice, step.before, player), step.before["S"][player]
    if action in (FORCED, PASS):
        return "go on" if action == FORCED else "pass"
    if action >= SWITCH:
        mon = side["P"][int(choice.split()[1]) - 1]
        verb = "revive" if mon["hp"] <= 0 else "switch"
        return f"{verb} {base_species(mon.get('bsp', mon['sp']))}"
    move = side["P"][0]["mv"][action % 4][0]
    return f"{move} tera" if action >= TERA else str(move)


def based(name: str) -> str:
    """Return the name of an action with the base species of a forme."""
    verb, _, rest = name.partition(" ")
    return f"{verb} {base_species(rest)}" if verb in ("switch", "revive") else name


# What the lines of a player's own channel tell, beside a row.


def told_states(battle: RecordedBattle, player: int) -> Iterator[InfoState]:
    """Yield the information states of a player who was sent his own channel and requests."""
    told = BattleChannel(battle.rules)
    for line in channel(battle.start_raw, player):
        told.read(line.split("|"))
    request = battle.start_requests[player]
    for step in battle.steps:
        if request is not None:
            info = told.information_state(request)
            if step.choices[player] is not None:
                yield info
        for line in channel(step.raw, player):
            told.read(line.split("|"))
        request = step.requests[player]


def public_facts(info: InfoState) -> dict[str, Any]:
    """Return what all can know, without what depends on the order of a team."""
    plain = info.without_evidence()
    own, foe = plain.own, plain.foe
    active = own.active_mon
    found = {
        "turn": plain.turn,
        "ends": plain.ends,
        "weather": plain.weather,
        "terrain": plain.terrain,
        "field": _unnumbered(plain.field_conditions),
        "last move": plain.last_move,
        "foe": _side(foe),
        "own conditions": _unnumbered(own.conditions),
        "own boosts": own.boosts,
        "own effects": _unnumbered(own.volatiles),
        "own can tera": own.can_tera,
        "own last move": own.last_move,
        "own fallen": own.fallen,
        "history": tuple(event for event in plain.history if event.startswith("foe")),
        "request": plain.request,
        "reviving": plain.reviving,
    }
    if active is not None:
        hp = active.hp if active.max_hp == 100 else shown_hp(active.hp, active.max_hp)
        found["own active"] = (active.species, hp, active.status, active.terastallized)
    return found


def _unnumbered(conditions: Any) -> dict[str, Condition]:
    return {name: replace(one, source=None) for name, one in conditions.items()}


def _side(side: SideView) -> dict[str, Any]:
    plain = replace(
        side,
        volatiles=_unnumbered(side.volatiles),
        conditions=_unnumbered(side.conditions),
        stat_moves=tuple((move, None) for move, _ in side.stat_moves),
        entrance=None,
        copy=None,
        mons=tuple(
            # Of one that has become the player's own, the player knows more than lines say.
            replace(mon.without_evidence(), ability=None)
            if n == side.active and side.copy is not None
            else mon.without_evidence()
            for n, mon in enumerate(side.mons)
        ),
    )
    return {name: getattr(plain, name) for name in SideView.__dataclass_fields__}


# The future, planted.


class Planted(NamedTuple):
    """A log with a future that its first turns do not have.

    Attributes:
        text: the log.
        turn: the first turn after the plant.
        side: whose Pokémon it concerns.
        tokens: what must not be in the opponent's columns before.
    """

    text: str
    turn: int
    side: int
    tokens: tuple[str, ...]


def plant(log: str, rng: random.Random) -> Planted | None:
    """Return a log with a move, an item, a Tera type and a teammate that only its future shows."""
    lines = log.split("\n")
    turns = [n for n, line in enumerate(lines) if line.startswith("|turn|")]
    if len(turns) < 4:
        return None
    at = rng.choice(turns[2:])
    side = rng.randrange(2)
    head = f"|switch|p{side + 1}a: "
    out = next(
        (
            line.split("|")[2]
            for line in reversed(lines[:at])
            if line.startswith((head, head.replace("switch", "drag")))
        ),
        "",
    )
    if not out:
        return None
    # In place of that turn: each is shown, and the battle ends.
    future = [
        lines[at],
        "|",
        "|t:|1",
        f"|-terastallize|{out}|Stellar",
        f"|move|{out}|Celebrate|{out}",
        f"|-enditem|{out}|Iron Ball",
        "|",
        "|upkeep",
        f"|turn|{int(lines[at].split('|')[2]) + 1}",
        "|",
        "|t:|2",
    ]
    tokens = ["Stellar", "celebrate", "ironball"]
    entries = (head, head.replace("switch", "drag"))
    seen = {line.split("|")[2] for line in lines[:at] if line.startswith(entries)}
    if "|poke|" not in log and len(seen) < 6:
        future.append(f"{head}Luvdisc|Luvdisc, L77, M|100/100")
        tokens += ["luvdisc", "Luvdisc"]
    future += ["|", "|upkeep", "|win|P1"]
    text = "\n".join([*lines[:at], *future])
    before = "\n".join(lines[:at]).lower().replace(" ", "")  # moves and items stand there by name
    tokens = [token for token in tokens if token.lower() not in before]
    return Planted(text, int(lines[at].split("|")[2]), side, tuple(tokens))


def leaks(planted: Planted) -> list[str]:
    """Return where the opponent's columns know the planted future."""
    found = []
    for row in replay_decisions(planted.text).rows:
        if row.player != 1 - planted.side or row.turn > planted.turn:
            continue
        raw = msgspec.json.decode(row.state)
        del raw["own"]
        # What the opponent does at this moment is what is to be predicted: of the turns before.
        seen = msgspec.json.encode(raw).decode()
        seen += str(row.foe_action) if row.turn < planted.turn else ""
        found += [f"turn {row.turn}: {token}" for token in planted.tokens if token in seen]
    return found


def cut(log: str, rng: random.Random) -> tuple[str, int]:
    """Return a log that ends with a turn, and that turn."""
    lines = log.split("\n")
    turns = [n for n, line in enumerate(lines) if line.startswith("|turn|")]
    at = rng.choice(turns[1:])
    return "\n".join([*lines[: at + 1], "|win|P2"]), int(lines[at].split("|")[2])


def changed_by_a_cut(log: str, rng: random.Random) -> list[str]:
    """Return which of the opponent's columns change where the log is cut behind them."""
    short, turn = cut(log, rng)
    whole = [row for row in replay_decisions(log).rows if row.turn <= turn]
    found = []
    for row, other in zip(replay_decisions(short).rows, whole, strict=False):
        where = f"turn {row.turn} p{row.player + 1}"
        one, two = (public_facts(from_json(r.state)) for r in (row, other))
        # Who an Illusion was is told later, and the player knew it.
        if "disguised" in row.flags or "disguised" in other.flags:
            one.pop("own active", None)
        if "own active" in one:
            one["own active"] = two["own active"]
        found += [f"{where}: {name}" for name in one if one[name] != two[name]]
        if (row.decision, row.turn, row.request) != (other.decision, other.turn, other.request):
            found.append(f"{where}: the decision itself")
        if row.turn < turn and (row.action, row.foe_action) != (other.action, other.foe_action):
            found.append(f"{where}: {row.action} {row.foe_action}")
    return found


# Logs that are none.


def mutated(log: str, rng: random.Random) -> bytes:
    """Return a log that is damaged in one of many ways."""
    lines = log.split("\n")
    n = rng.randrange(len(lines))
    kind = rng.randrange(14)
    if kind == 0:
        return log.encode()[: rng.randrange(len(log))]
    if kind == 1:
        del lines[n : n + rng.randint(1, 30)]
    elif kind == 2:
        rng.shuffle(lines)
    elif kind == 3:
        m = rng.randrange(len(lines))
        lines[n], lines[m] = lines[m], lines[n]
    elif kind == 4:
        return log.encode(rng.choice(["utf-16", "latin-1", "utf-7"]), "replace")
    elif kind == 5:
        lines[n] += "x" * rng.choice([3_000, 3_000_000])
    elif kind == 6:
        lines = [f"|gen|{rng.randrange(-1, 12)}" if x.startswith("|gen|") else x for x in lines]
    elif kind == 7:
        game = rng.choice(["doubles", "triples", "multi", "freeforall", ""])
        lines = [f"|gametype|{game}" if x.startswith("|gametype|") else x for x in lines]
    elif kind == 8:
        lines[n] = lines[n].replace("p1a", rng.choice(["p1b", "p3a", "", "p1c", "p\u0661a"]))
    elif kind == 9:
        parts = lines[n].split("|")
        parts[rng.randrange(len(parts))] = rng.choice(
            ["", "-1", "\0", "999999999999999999999", "0/0", "a/b", "p1a: ", "[from]", "٣/١٠٠", "|"]
        )
        lines[n] = "|".join(parts)
    elif kind == 10:
        lines[n:n] = lines[n : n + rng.randint(1, 200)]
    elif kind == 11:
        data = bytearray(log.encode())
        for _ in range(rng.randint(1, 40)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        return bytes(data)
    elif kind == 12:
        lines = [x for x in lines if not x.startswith(rng.choice(["|turn|", "|switch|", "|start"]))]
    else:
        lines.insert(n, f"|{rng.choice(['switch', 'drag', '-mega', 'faint', 'win', 'x' * 99])}|p2a")
    return "\n".join(lines).encode()


def outcome(data: bytes) -> str:
    """Return what reading a mutated log ends in: ``rows``, or the kind of its reason."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    try:
        battle = replay_decisions(text)
    except BattleLogError as error:
        return "a reason" if str(error) else "no reason"
    for row in battle.rows:
        if row.action and row.action not in row.legal:
            raise AssertionError(f"{row.turn} p{row.player + 1}: {row.action} not in {row.legal}")
        from_json(row.state)
    return "rows"


def main(words: list[str]) -> None:
    """Run the trials."""
    options = dict(word.split("=") for word in words if "=" in word)
    battles = [
        battle
        for word in words
        if "=" not in word
        for battle in read_corpus(Path(word), int(options.get("limit", 1_000_000)))
    ]
    rng = random.Random(int(options.get("seed", 1)))
    counts: Counter[str] = Counter()
    for battle in battles:
        compare(battle, counts)
    print(f"{len(battles)} battles:", dict(counts))
    logs = [log_of(battle) for battle in battles]
    for name, trial in (("plants", _plant_leaks), ("cuts", changed_by_a_cut)):
        wrong, done = 0, 0
        while done < int(options.get(name, 100)):
            found = trial(rng.choice(logs), rng)
            if found is None:
                continue
            done += 1
            wrong += bool(found)
            if found and wrong < 5:
                print(name, found[:5])
        print(f"{name}: {wrong} of {done} wrong")
    ends: Counter[str] = Counter()
    slowest = 0.0
    for _ in range(int(options.get("mutants", 300))):
        began = time.monotonic()
        ends[outcome(mutated(rng.choice(logs), rng))] += 1
        slowest = max(slowest, time.monotonic() - began)
    print(f"mutants: {dict(ends)}, the slowest {slowest:.1f} s")


def _plant_leaks(log: str, rng: random.Random) -> list[str] | None:
    planted = plant(log, rng)
    return None if planted is None else leaks(planted)


def compare(battle: RecordedBattle, counts: Counter[str]) -> list[str]:
    """Count what is right and wrong of a battle's rows; return what is wrong."""
    wrong = []
    read = replay_decisions(log_of(battle))
    for player in (0, 1):
        rows, steps = rows_of(read, player), steps_of(battle, player)
        if len(rows) != len(steps):
            wrong.append(f"{battle.number} p{player + 1}: {len(rows)} rows, {len(steps)} choices")
            continue
        told = told_states(battle, player)
        for row, step, right in zip(rows, steps, told, strict=True):
            where = f"{battle.number} turn {row.turn} p{player + 1}"
            counts["rows"] += 1
            choice = step.choices[player]
            assert choice is not None
            truth = true_name(choice, step, player)
            unsure = "unsure" in row.flags
            if not row.action:
                counts["unknown"] += 1
            elif based(row.action) != truth:
                counts["wrong, marked unsure" if unsure else "wrong"] += 1
                if not unsure:
                    wrong.append(f"{where}: {row.action}, truly {truth}")
            if row.action and row.action not in row.legal:
                wrong.append(f"{where}: {row.action} is not legal")
            counts["unlisted"] += "unlisted" in row.flags
            found, wanted = public_facts(from_json(row.state)), public_facts(right)
            for name in found if not unsure else ():
                counts["facts"] += 1
                if found[name] != wanted[name]:
                    counts[f"fact {name}"] += 1
                    wrong.append(f"{where}: {name} {found[name]}, told {wanted[name]}")
    return wrong


if __name__ == "__main__":
    main(sys.argv[1:])
