"""Wrong command lines, made from the listing of all settings and from a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, get_args, get_type_hints

from plywise.arena.cli.commands import COMMANDS
from plywise.arena.cli.groups import group_schemas
from plywise.conf.listing import chosen_options, listed, options
from plywise.conf.registry import COMMAND_SCHEMAS

from .hostile import ADDRESSES, AGENTS, ANY, GARBAGE, HYDRA, NAMES, PATHS, REAL, WHOLE
from .sandbox import Case

BASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "play": (
        ("game=tic_tac_toe", "llm=none", "side=none", "search.max_depth=2"),
        ("game=connect_four", "game.rows=4", "game.columns=4", "llm=stand_in", "side=none",
         "search.max_depth=1", "agent=llm_search", "llm.oracle_iterations=10"),
        ("game=goofspiel", "game.cards=3", "llm=none", "side=none", "search.iterations=20",
         "search.seconds=null"),
        ("game=battleship", "game.rows=4", "game.columns=4", "game.fleet=[2]", "llm=none",
         "side=none", "search.iterations=5", "search.seconds=null"),
        ("game=othello", "search=mcts", "llm=none", "side=none", "search.iterations=1",
         "search.seconds=null", "search.max_depth=2"),
        ("game=gomoku", "game.rows=4", "game.columns=4", "game.in_line=3", "llm=none", "side=none",
         "search.max_depth=1"),
        ("game=gen9randombattle", "llm=none", "side=none", "search.iterations=1",
         "search.seconds=null", "search.worlds=1"),
        ("game=gen9", "game.format=ou", "game.team_files=teams.txt", "llm=none", "side=none",
         "search.iterations=1", "search.seconds=null", "search.worlds=1"),
        ("game=tic_tac_toe", "llm=openai", "llm.base_url=http://127.0.0.1:9/v1", "llm.model=m",
         "side=none", "search.max_depth=2", "agent=llm_search", "llm.seconds=0.2",
         "search.seconds=0.1"),
        ("game=tic_tac_toe", "llm=embedded", "llm.model_path=no-such.gguf", "side=none",
         "search.max_depth=2"),
        ("game=path:nim.py", "llm=none", "side=none", "search=mcts", "search.iterations=2"),
    ),
    "replay": (("game.json",),),
    "explain": (("decisions.jsonl",),),
    "analyse": (("battle.log", "iterations=20", "seeds=1", "worlds=1", "page=a.html"),),
    "showdown": (
        ("llm=none", "search.iterations=1", "battles=1", "server.url=ws://127.0.0.1:9/showdown"),
        ("llm=stand_in", "search.iterations=1", "battles=1", "llm.oracle_iterations=2",
         "server.url=ws://127.0.0.1:9/showdown"),
        ("llm=none", "battles=1", "server=showdown", "server.url=ws://127.0.0.1:9/showdown",
         "server.login_url=http://127.0.0.1:9/action.php", "server.username=x",
         "server.password_env=HOME"),
        ("llm=none", "mode=challenge", "user=somebody", "agent=random", "battles=0",
         "server.url=ws://127.0.0.1:9/showdown"),
        ("llm=none", "mode=accept", "agent=random", "challengers=[somebody]", "greeting=hello",
         "server.url=ws://127.0.0.1:9/showdown", "server.timer=true", "server.username=x"),
        ("llm=none", "mode=ladder", "agent=random", "battles=1", "server.username=x",
         "server.url=ws://127.0.0.1:9/showdown", "server.patience=1"),
        ("llm=none", "mode=serve", "agent=random", "battles=1", "server.port=9",
         "server.start_timeout=0.1"),
        ("llm=none", "mode=advise", "agent=random", "server.url=ws://127.0.0.1:9/showdown",
         "server.login_url=http://127.0.0.1:9/action.php", "server.username=x",
         "server.password_env=HOME"),
        ("game=gen9", "game.format=ou", "game.team_files=teams.txt", "llm=none", "agent=random",
         "battles=1", "server.url=ws://127.0.0.1:9/showdown"),
        ("llm=none", "agent=random", "opponent=external", "opponent.user=x", "battles=1",
         "server.url=ws://127.0.0.1:9/showdown"),
    ),
    "tournament": (
        ("game=tic_tac_toe", "search.max_depth=1", "tournament.pairs=1",
         "tournament.executor=inline"),
        ("game=goofspiel", "game.cards=3", "search.iterations=10", "search.seconds=null",
         "tournament.pairs=1", "tournament.executor=inline"),
        ("game=gen9randombattle", "search.iterations=1", "search.seconds=null", "search.worlds=1",
         "agents=[random,search]", "tournament.pairs=1", "tournament.executor=inline"),
        ("game=gen9", "game.format=bssregi", "search.iterations=1", "search.seconds=null",
         "search.worlds=1", "agents=[random,max_damage]", "tournament.pairs=1",
         "tournament.executor=inline"),
    ),
    "report": (("record.sqlite",),),
    "luck": (("record.sqlite", "iterations=0", "samples=1"),),
    "selfplay": (
        ("game=tic_tac_toe", "search.max_depth=1", "games=1"),
        ("game=goofspiel", "game.cards=3", "search.iterations=10", "search.seconds=null",
         "games=1"),
        ("game=gen9", "game.format=1v1", "search.iterations=1", "search.seconds=null",
         "search.worlds=1", "games=1"),
    ),
    "ratings": (("results.csv",), ("results.csv", "method=bootstrap", "resamples=40")),
    "calibrate": (("ratings", "repeats=1"), ("sprt", "repeats=1", "elo1=400")),
    "verify": (
        ("engine", "corpus.jsonl.gz", "limit=3"), ("seed", "corpus.jsonl.gz", "limit=1"),
        ("log", "corpus.jsonl.gz", "limit=1"), ("coverage", "corpus.jsonl.gz", "limit=1"),
    ),
    "record": (("engine", "out.jsonl.gz", "battles=1"),),
    "solve": (("connect_four", "positions.txt"), ("tic_tac_toe", "squares.txt")),
    "bench": (
        ("childplay", "tasks=[tic_tac_toe]", "instances=1"),
        ("battleship", "fleets=1", "seconds=0.01"), ("guides", "decisions=1", "seconds=0.01"),
        ("search", "seconds=0.01"),
        ("regret", "decisions_each=1", "most_iterations=1", "reference_iterations=1"),
        ("puzzles", "puzzles_each=1", "kinds=[1v1]", "agents=[random,max_damage]"),
        ("puzzles", "anew=puzzles", "battles=1", "kinds=[priority]"),
        ("prediction", "no-decisions"),
    ),
    "fit": (
        ("evaluation", "battles=20", "iterations=1"), ("branches", "battles=20", "iterations=1"),
        ("opponent", "table=no-decisions", "battles=20"),
    ),
    "models": (("list",), ("fetch", "qwen2.5-coder-1.5b", "hub=http://127.0.0.1:9")),
    "team": (("check", "teams.txt"), ("make", "count=1", "out=made.txt")),
    "data": (
        ("usage", "usage.json", "format=ou"), ("list",), ("replays", "battle.log", "decisions"),
        ("count", "decisions", "counts"),
        ("battles", "made", "battles=1"),
    ),
    "llm": (
        ("calibrate", "llm=openai", "llm.base_url=http://127.0.0.1:9/v1", "llm.model=m",
         "games=tic_tac_toe", "questions=4"),
        ("examples", "games=tic_tac_toe", "questions=4"),
    ),
}  # fmt: skip
"""Arguments with which each command is soon done; a wrong one is added to them."""


def wrong_settings(command: str) -> Iterator[Case]:
    """Yield each setting of a command with each hostile value, in each of its basic uses."""
    schema = COMMAND_SCHEMAS[command]
    for base in BASES[command]:
        chosen = chosen_options(schema, base, group_schemas())
        given = [word.partition("=")[0] for word in base if "=" in word]
        for one in listed(schema, chosen):
            if len(BASES[command]) > 1 and one.group and base is not BASES[command][0]:
                if not any(word.startswith((f"{one.group}=", f"{one.group}.")) for word in base):
                    continue  # the same settings as in the first use
            kind = _kind(schema, chosen, one.key, one.group)
            values = list(ANY)
            if kind is int:
                values += WHOLE
            elif kind is float:
                values += REAL
            elif kind is str:
                values += PATHS
            if one.key == "agents":
                values += AGENTS
            if one.key.rpartition(".")[2] in ("user", "username", "challengers", "greeting"):
                values += NAMES
            if one.key == "challengers":
                values += [f"[{name}]" for name in NAMES]
            if one.key.rpartition(".")[2] in ("url", "login_url"):
                values += ADDRESSES
            for value in values:
                rest = tuple(w for w in base if w.partition("=")[0] != one.key or w in given)
                yield Case((command, *rest, f"{one.key}={value}"))


def _kind(schema: type[Any], chosen: Any, key: str, group: str) -> Any:
    *above, name = key.split(".")
    if group:
        schema, above = chosen[group].schema, above[1:]
    for part in above:
        schema = get_type_hints(schema)[part]
    hint = get_type_hints(schema)[name]
    found = [one for one in get_args(hint) or (hint,) if one is not type(None)]
    return found[0] if found else Any


def wrong_words(command: str) -> Iterator[Case]:
    """Yield each hostile word, with a command's basic uses."""
    for number, base in enumerate(BASES.get(command, ((),))):
        for word in (*GARBAGE, *HYDRA) if number == 0 else GARBAGE[::7]:
            words = tuple(word.split(" ")) if word.startswith("-m ") else (word,)
            yield Case((command, *base, *words))
    base = BASES.get(command, ((),))[0]
    for length in range(len(base)):
        yield Case((command, *base[:length]))  # settings that are missing
    yield Case((command, *base, *base))
    yield Case((command, *reversed(base)))
    for group in ("game", "search", "agent", "opponent", "llm", "tournament"):
        for option in options(group):
            if option != "human":
                yield Case((command, *base, f"{group}={option}"))


def wrong_commands() -> Iterator[Case]:
    """Yield words that are no command."""
    for word in GARBAGE:
        yield Case((word,))
    for name in COMMANDS:
        yield Case((name.upper(),))
        yield Case((f"{name}x", "a=b"))
        yield Case((f"-{name}",))
        if not COMMANDS[name].hydra:
            yield from (Case((name, word)) for word in GARBAGE[:40] if name != "doctor")
    yield Case(())
    yield Case(("",))
    yield Case(("play", ""))


def invocations(rng: Random, count: int | None, holding: str = "") -> list[Case]:
    """Return ``count`` wrong command lines, of each command alike; None: all.

    Args:
        holding: they hold this text, as commands and settings are written with a space between.
    """
    pools = {name: [*wrong_settings(name), *wrong_words(name)] for name in COMMAND_SCHEMAS}
    pools[""] = list(wrong_commands())
    pools = {
        name: held
        for name, pool in pools.items()
        if (held := [case for case in pool if holding in " ".join(case.words)])
    }
    if count is None:
        found = [case for pool in pools.values() for case in pool]
        rng.shuffle(found)
        return found
    for pool in pools.values():
        rng.shuffle(pool)
    share = -(-count // max(len(pools), 1))
    return [case for pool in pools.values() for case in pool[:share]][:count]
