"""The commands by name: a line of help, the function, and its arguments."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """One word after ``plywise``.

    Attributes:
        summary: one line for ``--help``.
        target: ``module:function``, imported only when the command runs.  A Hydra command's
            function takes (typed configuration, run folder), a plain one nothing; both return an
            exit code.
        hydra: whether it takes overrides, with the primary configuration of its own name.
        positional: keys that may be given without ``key=``, in this order.
        more: key of a list that takes the words after these; "": there may be none.
        switches: keys of a plain command that are given as ``key=true`` or ``key=false``, which its
            function then takes.
        flags: keys that may be given as ``--key value`` or ``--key=value`` as well.
        example: arguments, for ``--help``.
    """

    summary: str
    target: str
    hydra: bool = True
    positional: tuple[str, ...] = ()
    more: str = ""
    flags: tuple[str, ...] = ()
    switches: tuple[str, ...] = ()
    example: str = ""


COMMANDS = {
    "play": Command(
        "play a game against an agent in the terminal",
        "plywise.arena.terminal.play_command:run_play",
        example="game=tic_tac_toe side=second",
    ),
    "replay": Command(
        "show a game that plywise play saved, move by move",
        "plywise.arena.terminal.replay_command:run_replay",
        positional=("file",),
        example="outputs/play/…/connect_four-….json",
    ),
    "explain": Command(
        "print why the actions of a Showdown match were chosen, from its decision log",
        "plywise.arena.play.explain:run_explain",
        positional=("file",),
        example="outputs/showdown/…/decisions.jsonl turn=5",
    ),
    "analyse": Command(
        "say of each choice of a battle or game what it cost and what was better",
        "plywise.arena.analysis.command:run_analyse",
        positional=("file",),
        example="battle.log player=both page=analysis.html",
    ),
    "showdown": Command(
        "play battles on a Pokémon Showdown server",
        "plywise.arena.showdown.match:run_showdown",
        example="battles=30 concurrency=3 llm=none",
    ),
    "tournament": Command(
        "play a tournament between agents; writes a record, ratings and a report",
        "plywise.arena.tournament.run:run_tournament",
        example="'agents=[random,search,{name:search,seconds:0.1}]' tournament.pairs=20",
    ),
    "report": Command(
        "write the HTML report of a tournament's record again",
        "plywise.arena.tournament.report.command:run_report",
        positional=("record", "out"),
        example="outputs/records/NAME.sqlite report.html",
    ),
    "luck": Command(
        "adjust the scores of a tournament's record for luck: narrower intervals, no bias",
        "plywise.arena.tournament.report.luck:run_luck",
        positional=("record",),
        example="outputs/records/NAME.sqlite iterations=0",
    ),
    "selfplay": Command(
        "write positions of self-play with strategies, values and results, for training",
        "plywise.arena.selfplay:run_selfplay",
        positional=("out",),
        example="game=tic_tac_toe games=1000 out=games.npz",
    ),
    "ratings": Command(
        "rate the players of a CSV file of results, with intervals",
        "plywise.arena.ratings.command:run_ratings",
        positional=("file",),
        example="results.csv method=bootstrap",
    ),
    "calibrate": Command(
        "check error rates of rating intervals and of the SPRT on simulated games",
        "plywise.arena.ratings.calibrate_command:run_calibrate",
        positional=("what",),
        example="sprt repeats=2000",
    ),
    "verify": Command(
        "compare the battle engine with a corpus of the real simulator",
        "plywise.arena.verify.command:run_verify",
        positional=("what", "corpus"),
        flags=("jobs", "battle", "step", "limit"),
        example="engine corpus.jsonl.gz limit=1000",
    ),
    "record": Command(
        "record a corpus of battles in the real simulator, for plywise verify",
        "plywise.arena.verify.command:run_record",
        positional=("what", "out"),
        example="engine corpus.jsonl.gz battles=100 seed=7",
    ),
    "solve": Command(
        "compute exact scores of Connect Four and tic-tac-toe positions",
        "plywise.arena.cli.solve:run_solve",
        positional=("what", "file"),
        example="connect_four positions.txt",
    ),
    "bench": Command(
        "measure speed, strength or a language model",
        "plywise.arena.bench.command:run_bench",
        positional=("what", "table"),
        example="search seconds=5",
    ),
    "fit": Command(
        "fit weights of battle values or of priors, or count branches, by self-play",
        "plywise.arena.fit.command:run_fit",
        positional=("what",),
        example="evaluation battles=4000 jobs=2",
    ),
    "models": Command(
        "list model files for llm=embedded, or download one",
        "plywise.arena.cli.models_command:run_models",
        positional=("what", "name"),
        example="fetch qwen2.5-coder-1.5b",
    ),
    "team": Command(
        "check teams by Showdown's own validator, or make legal ones",
        "plywise.arena.cli.team_command:run_team",
        positional=("what", "file"),
        example="check team.txt format=gen9ou",
    ),
    "data": Command(
        "fetch usage statistics, take tables of a newer Showdown, read replays, play battles",
        "plywise.arena.cli.data_command:run_data",
        positional=("what", "file"),
        more="more",
        example="usage format=gen9ou month=2026-10",
    ),
    "llm": Command(
        "measure a language model on solved questions, or write examples for one",
        "plywise.arena.llm_calibration.command:run_llm",
        positional=("what",),
        example="calibrate games=tic_tac_toe questions=60",
    ),
    "agents": Command("list the agents", "plywise.arena.cli.listing:list_agents", hydra=False),
    "games": Command("list the games", "plywise.arena.cli.listing:list_games", hydra=False),
    "doctor": Command(
        "check Python, Node, server, language model and caches; fix=true mends caches",
        "plywise.arena.cli.doctor:run_doctor",
        hydra=False,
        switches=("fix",),
        example="fix=true",
    ),
}


def suggestion(wrong: str, names: Iterable[str], prefix: str = "") -> str:
    """Return ``did you mean 'NAME'? `` for the most similar name; empty if none is similar."""
    near = difflib.get_close_matches(wrong, list(names), n=1)
    return f"did you mean '{prefix}{near[0]}'? " if near else ""
