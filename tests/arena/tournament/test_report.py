"""The report: true figures, nothing executable from names, and a page that works in a browser."""

import json
import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from plywise.arena.cli import main as cli
from plywise.arena.play.record import Side
from plywise.arena.play.replay import ReplayError, states_of
from plywise.arena.ratings.elo import elo_of
from plywise.arena.ratings.intervals import Tally
from plywise.arena.tournament.pool_ratings import ratings_of, ratings_over
from plywise.arena.tournament.report.cutechess_text import match_lines, rank_lines
from plywise.arena.tournament.report.page import render_page, report_data, sample, write_report
from plywise.arena.tournament.standings import Standings
from plywise.arena.tournament.store import FinishedGame, GameStore, pack_actions, pack_trace
from plywise.conf.schemas.tournament import TournamentGroup
from plywise.games.registry import make_game

NASTY = "</script><img src=x onerror=alert(1)>&<!--"
IDENTITY: dict[str, Any] = {
    "plywise": "1",
    "code": "abc",
    "game": {"name": "tic_tac_toe"},
    "seed": 0,
    "agents": [{"title": "random"}, {"title": NASTY}, {"title": "third"}],
}


def play(number: int, players: tuple[int, int], rng: Random) -> FinishedGame:
    state = make_game("tic_tac_toe").new_initial_state()
    actions: list[tuple[int, int]] = []
    trace = []
    while not state.is_terminal():
        mover = state.current_player()
        legal = state.legal_actions()
        values = {str(a): round(rng.uniform(-1, 1), 3) for a in legal}
        action = rng.choice(legal)
        entry: dict[str, Any] = {"p": len(actions), "w": mover, "v": 0.25, "d": 3, "n": 99}
        entry |= {"s": {str(action): 1.0}, "q": values}
        if len(legal) > 2:
            entry["a"] = [{"question": "propose", "status": "answered", "weights": values}]
        trace.append(entry)
        actions.append((action, -1) if mover == 0 else (-1, action))
        state.apply_action(action)
    return FinishedGame(
        number, players, number // 2, state.returns()[0], len(actions), pack_actions(actions),
        seconds=rng.expovariate(10), sides=(Side(4, 0.1), Side(4, 0.2, calls=3, prompt_tokens=50)),
        trace=pack_trace(trace),
    )  # fmt: skip


def record(path: Path, count: int) -> Path:
    rng = Random(1)
    pairings = [(0, 1), (0, 2), (1, 2)]
    with GameStore.open(path, IDENTITY) as store:
        games = []
        for number in range(count):
            a, b = pairings[number // 2 % 3]
            games.append(play(number, (a, b) if number % 2 == 0 else (b, a), rng))
        store.add(games)
        store.set_plan({"total": count, "group": {"replays": 50}})
    return path


def test_the_data_are_the_records(tmp_path: Path) -> None:
    with GameStore.read(record(tmp_path / "r.sqlite", 60)) as store:
        data = report_data(store)
        games = list(store.games())
        rated = ratings_of(games, store.titles, TournamentGroup())
    assert rated is not None
    assert [a["title"] for a in data["agents"]] == [p.player for p in rated.players]
    for agent, player in zip(data["agents"], rated.players, strict=True):
        assert agent["rating"] == pytest.approx(player.rating, abs=0.01)
        assert agent["wins"] + agent["draws"] + agent["losses"] == 40
    assert data["games"]["number"] == list(range(60))
    assert data["over"]["games"][-1] == 60
    third = next(a for a in data["agents"] if a["title"] == "third")
    assert data["over"]["ratings"][2][-1] == pytest.approx(third["rating"], abs=0.1)
    share, count = data["cross"][0][1]
    assert (share + data["cross"][1][0][0], count) == (1.0, 20)
    assert set(data["replays"]) == {
        str(n) for n in (g.number for g in (games[i] for i in sample(60, 50)))
    }
    actions = "".join(str(max(pair)) for pair in games[0].moves())
    assert data["games"]["actions"][0] == actions
    with GameStore.read(tmp_path / "r.sqlite") as store:
        assert report_data(store, replays=0)["replays"] == {}


def test_names_cannot_leave_their_place(tmp_path: Path) -> None:
    with GameStore.read(record(tmp_path / "r.sqlite", 12)) as store:
        page = render_page(report_data(store) | {"title": NASTY})
    assert NASTY not in page
    assert page.count("</script>") == 2
    assert "@DATA@" not in page
    found = re.search(r'id="data">(.*)</script>', page)
    assert found
    assert json.loads(found.group(1))["title"] == NASTY
    assert "http://www.w3.org/2000/svg" in page
    assert not re.search(r'(?:src|href)="(?!#)', page)


def test_an_empty_record_has_a_report(tmp_path: Path) -> None:
    with GameStore.open(tmp_path / "r.sqlite", IDENTITY) as store:
        data = report_data(store)
    assert data["agents"][0]["rating"] is None
    assert data["rated"]["warnings"] == ["no game has a result yet"]


def test_the_sample_is_spread_evenly() -> None:
    assert sample(3, 10) == [0, 1, 2]
    assert sample(101, 3) == [0, 50, 100]
    assert sample(5, 0) == []
    assert sample(5, 1) == [0]


def test_ratings_over_games_grow_to_the_last() -> None:
    rng = Random(2)
    games = [play(n, (0, 1) if n % 2 else (1, 0), rng) for n in range(40)]
    over = ratings_over(games, ["random", "b"], TournamentGroup())
    last = ratings_of(games, ["random", "b"], TournamentGroup())
    assert last is not None
    assert over["ratings"][1][-1] == pytest.approx(last["b"].rating, abs=0.1)
    assert over["ratings"][0][-1] == 0


def test_replays_are_checked() -> None:
    game = make_game("tic_tac_toe")
    texts = [s.observation_string(0) for s in states_of(game, 0, [(0, -1), (-1, 4)])]
    assert len(texts) == 3
    assert texts[-1].count("X") == texts[-1].count("O") == 1
    with pytest.raises(ReplayError, match="seed 7, ply 1"):
        list(states_of(game, 7, [(0, -1), (-1, 0)]))


def test_battles_are_told_as_text(tmp_path: Path) -> None:
    game = make_game("gen9randombattle")
    state = game.new_initial_state(3)
    rng, actions = Random(5), []
    for _ in range(4):
        legal = [state.legal_actions(p) for p in (0, 1)]
        pair = tuple(rng.choice(a) if a else -1 for a in legal)
        actions.append((pair[0], pair[1]))
        if state.current_player() in (0, 1):
            state.apply_action(pair[state.current_player()])
        else:
            state.apply_actions(pair)
    identity = IDENTITY | {"game": {"name": "gen9randombattle"}}
    named = {"0": 0.5, "[/x]": 0.5, "9999": 0.0}  # the others are of no action
    advice = [{"question": "replies", "status": "answered", "weights": {"é": 1.0}}]
    entry = {"p": 0, "w": 0, "v": 0, "d": 1, "n": 1, "s": {}, "q": named, "a": advice}
    trace = pack_trace([entry])
    with GameStore.open(tmp_path / "r.sqlite", identity) as store:
        store.add([FinishedGame(0, (0, 1), 3, 1.0, 4, pack_actions(actions), trace=trace)])
        data = report_data(store)
    replay = data["replays"]["0"]
    assert len(replay["frames"]) == 5
    assert replay["frames"][0][0].startswith("turn 1")
    assert replay["frames"][0][0] != replay["frames"][0][1]
    assert all(replay["moves"][0])
    assert list(replay["names"][0][0]) == ["0"]
    assert data["board"] is None


def test_summary_in_the_words_of_cutechess() -> None:
    games = [
        FinishedGame(0, (0, 1), 0, 1.0), FinishedGame(1, (1, 0), 0, 0.0),
        FinishedGame(2, (0, 1), 1, -1.0), FinishedGame(3, (1, 0), 1, -1.0),
        FinishedGame(4, (0, 1), 2, None),
    ]  # fmt: skip
    lines = match_lines(["A", "B"], (0, 1), games)
    assert lines[0] == "Score of A vs B: 2 - 1 - 1  [0.625] 4"
    assert lines[1] == "...      A playing White: 1 - 1 - 0  [0.500] 2"
    assert lines[2] == "...      A playing Black: 1 - 0 - 1  [0.750] 2"
    assert lines[3] == "...      White vs Black: 1 - 2 - 1  [0.375] 4"
    # +2 -1 =1, as pairs of 1.5 and 1 points: one standard deviation above level.
    assert lines[4].startswith("Elo difference: 88.7 +/- ")
    assert lines[4].endswith(", LOS: 84.1 %, DrawRatio: 25.0 %")
    assert lines[5].startswith("Ptnml(0-2): [0, 0, 1, 1, 0], nElo: ")
    assert match_lines(["A", "B"], (0, 1), games[4:]) == []
    assert elo_of(0.75) == pytest.approx(190.85, abs=0.01)
    ranks = rank_lines([("A", float("inf"), float("nan"), Tally(1)), ("B", -3.2, 9.6, Tally())])
    assert ranks[0].split() == ["Rank", "Name", "Elo", "+/-", "Games", "Score", "Draw"]
    assert ranks[2].split() == ["2", "B", "-3", "10", "0", "0.0%", "0.0%"]


def test_command_rebuilds_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    record(tmp_path / "r.sqlite", 12)
    assert cli.main(["report", "r.sqlite"]) == 0
    assert (tmp_path / "r.html").stat().st_size > 10_000
    assert "report: r.html" in capsys.readouterr().out
    assert cli.main(["report", "none.sqlite"]) == 1
    assert "there is no record none.sqlite" in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    assert cli.main(["report", "r.sqlite", "file/x.html"]) == 1
    assert "cannot write" in capsys.readouterr().err


def test_standings_see_both_sides() -> None:
    standings = Standings(["a", "b"])
    standings.add(FinishedGame(0, (1, 0), 0, -1.0, sides=(Side(2, 1.0, 0.7), Side(3, 0.5, 0.4))))
    assert str(standings.agents[0].tally) == "1-0-0"
    assert standings.agents[1].effort.longest == 0.7
    assert standings.shares()[0] == 1.0


# --- in a real browser --------------------------------------------------------------------------


@pytest.mark.slow
def test_ten_thousand_games_open_and_scroll(tmp_path: Path, browser: Any) -> None:
    with GameStore.read(record(tmp_path / "r.sqlite", 10_000)) as store:
        page = write_report(store, tmp_path / "report.html")
    assert browser.open(page, "document.querySelector('html[data-ready]')") < 3.0
    assert browser.run("document.querySelectorAll('#rating-table tbody tr').length") == 3
    assert browser.run("document.querySelectorAll('#cross-table tbody td').length") == 15
    assert browser.run("document.querySelectorAll('figure svg').length") == 4
    assert NASTY in browser.run("document.querySelector('#rating-table').textContent")
    assert browser.run("document.querySelectorAll('img').length") == 0
    assert "10,000 games" in browser.run("document.querySelector('#count').textContent")
    # The list: only what is in sight is in the page, at the end as well.
    browser.run(
        "(async () => { const list = document.querySelector('#list'); "
        "list.scrollTop = list.scrollHeight; "
        "for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); })()"
    )
    assert browser.run("document.querySelectorAll('#space .row').length") < 60
    assert "9999" in browser.run("document.querySelector('#space').textContent")
    # A filter, a game, its moves.
    browser.run(
        "(() => { const s = document.querySelector('#by-result'); s.value = '0'; "
        "s.dispatchEvent(new Event('change')); })()"
    )
    assert (
        browser.run("document.querySelector('#space .row span:nth-child(4)').textContent") == "½–½"
    )
    browser.run(
        "(() => { document.querySelector('#by-result').value = ''; const s = "
        "document.querySelector('#by-replay'); s.checked = true; "
        "s.dispatchEvent(new Event('change')); })()"
    )
    assert "50 games" in browser.run("document.querySelector('#count').textContent")
    browser.click("#space .row:nth-child(2)")
    title = browser.run("document.querySelector('#viewer h3').textContent")
    assert title.startswith(f"Game {sample(10_000, 50)[1]}: ")
    for _ in range(3):
        browser.click("#next")
    board = browser.run("document.querySelector('#position pre').textContent")
    assert (board.count("X"), board.count("O")) == (2, 1)
    thought = browser.run("document.querySelector('.thought').textContent")
    assert "value +0.250, depth 3" in thought
    assert "guide: propose" in thought
    browser.click("#end")
    plies = browser.run("document.querySelector('#ply').textContent").split(" / ")
    assert plies[0] == plies[1]
    browser.click("#start")
    assert browser.run("document.querySelector('#position pre').textContent").count("X") == 0
    assert browser.problems() == []


RUNS = "window.ran = 1"
HOSTILE = (
    f"</script><script>{RUNS}</script><img src=x onerror='{RUNS}'>@DATA@ @SCRIPT@ \"'><svg "
    f"onload={RUNS}><!-- \u202e\x1b]0;T\x07\u2028 {{0}}"
)


@pytest.mark.slow
def test_a_hostile_record_runs_nothing_and_asks_for_nothing(tmp_path: Path, browser: Any) -> None:
    rng = Random(3)
    identity: dict[str, Any] = {
        "plywise": HOSTILE, "code": HOSTILE, "game": {"name": "tic_tac_toe"}, "llm": HOSTILE,
        HOSTILE: HOSTILE, "agents": [{"title": "a" + HOSTILE, HOSTILE: HOSTILE}, {"title": "b"}],
    }  # fmt: skip
    games = []
    for number in range(4):
        one = play(number, (0, 1), rng)
        one.error = HOSTILE
        asked = [{"question": HOSTILE, "status": HOSTILE, "weights": {HOSTILE: 0.5}}]
        entry: dict[str, Any] = {"p": 0, "w": 0, "f": HOSTILE, "s": {HOSTILE: 1.0}}
        one.trace = pack_trace([entry | {"q": {HOSTILE: 0.5}, "a": asked}])
        games.append(one)
    path = tmp_path / "<svg onload=window.ran=1>.sqlite"
    with GameStore.open(path, identity) as store:
        store.add(games)
        page = write_report(store, tmp_path / "report.html")
    browser.open(page, "document.querySelector('html[data-ready]')")
    assert browser.run("window.ran") is None
    assert browser.run("document.querySelectorAll('img, script:not([id])').length") == 1
    text = browser.run("document.body.textContent + document.title")
    assert text.count("onerror") > 10
    assert not {"\u202e", "\x1b", "\x07", "\u2028"} & set(text)
    assert browser.problems() == []


FRAMES = 120
PAGE = "document.scrollingElement"
LIST = "document.querySelector('#list')"


def work_by_frame(browser: Any, box: str, pixels: float) -> list[float]:
    """Scroll a box down and return the CPU milliseconds of the page's main thread, sorted.

    CPU time, because other programs of the machine delay frames but do not add to it; of three
    laps each frame's least, because they slow down a core that they share.
    """

    def spent() -> float:
        metrics = browser.call("Performance.getMetrics")["metrics"]
        return float(next(m["value"] for m in metrics if m["name"] == "TaskDuration"))

    def frame(step: int) -> float:
        before = spent()
        browser.run(
            f"(async () => {{ {box}.scrollTop = {pixels * step / FRAMES}; "
            "for (let i = 0; i < 2; i++) await new Promise(requestAnimationFrame); })()"
        )
        return 1000 * (spent() - before)

    laps = []
    for _ in range(3):
        browser.run(f"{box}.scrollTop = 0")
        laps.append([frame(step) for step in range(1, FRAMES + 1)])
    return sorted(map(min, zip(*laps, strict=True)))


@pytest.mark.slow
@pytest.mark.parametrize("width", [1250, pytest.param(420, marks=pytest.mark.long)])
def test_ten_thousand_games_scroll_smoothly_and_fit(
    tmp_path: Path, browser: Any, width: int
) -> None:
    with GameStore.read(record(tmp_path / "r.sqlite", 10_000)) as store:
        page = write_report(store, tmp_path / "report.html")
    browser.call("Performance.enable", timeDomain="threadTicks")
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip
    browser.open(page, "document.querySelector('html[data-ready]')")
    assert browser.run("document.documentElement.scrollWidth <= innerWidth")
    if width > 1200:
        for box in ("#rating-table", "#cross-table", "#viewer"):
            assert browser.run(
                f"(() => {{ const e = document.querySelector('{box}'); "
                "return e.scrollWidth <= e.clientWidth; })()"
            ), box
    # The page; the list as by a wheel (100 pixels a frame); the list from end to end: new rows.
    height = browser.run(f"{PAGE}.scrollHeight - innerHeight")
    length = browser.run(f"{LIST}.scrollHeight")
    for box, pixels in ((PAGE, height), (LIST, 100.0 * FRAMES), (LIST, length)):
        work = work_by_frame(browser, box, pixels)
        median, high = work[FRAMES // 2], work[FRAMES * 95 // 100]
        print(f"{width}: {box} median {median:.1f} ms, 95 % {high:.1f}, worst {work[-1]:.1f}")
        assert high <= 16.7, (box, work)  # a frame at 60 Hz
        assert work[-1] <= 50, (box, work)  # a long task
