"""Teams in files: the three forms, their writing, and one line for whatever is wrong."""

from pathlib import Path

import pytest

from plywise.datasets.pokemon_sets import TeamError, parse_packed_team
from plywise.datasets.teams.files import (
    NamedTeam,
    backup_text,
    export_text,
    packed_text,
    parse_teams,
    read_teams,
)
from plywise.datasets.teams.own import formats_with_teams, teams_of

SANDY = """Chompy (the 2nd) (Garchomp) (F) @ Rocky Helmet
Ability: Rough Skin
Level: 78
Shiny: Yes
Happiness: 12
Pokeball: Poke Ball
Tera Type: Steel
EVs: 252 HP / 4 Def / 252 Spe
Jolly Nature
IVs: 0 SpA
- Earthquake
- Dragon Tail
- Stealth Rock
- Spikes

Gastrodon-East
Ability: Storm Drain
EVs: 252 HP
Calm Nature
- Surf
"""
PACKED = (
    "Chompy (the 2nd)|Garchomp|RockyHelmet|RoughSkin|Earthquake,DragonTail,StealthRock,Spikes|Jolly"
    "|252,,4,,,252|F|,,,0,,|S|78|12,,PokeBall,,,Steel]Gastrodon-East|||StormDrain|Surf|Calm|"
    "252,,,,,||||"
    "|"
)


def one(text: str) -> NamedTeam:
    (team,) = parse_teams(text)
    return team


def test_export_text_is_read() -> None:
    chomp, gastrodon = one(SANDY).sets
    assert (chomp.species, chomp.nickname, chomp.gender) == ("garchomp", "Chompy (the 2nd)", "F")
    assert (chomp.item, chomp.ability, chomp.nature) == ("rockyhelmet", "roughskin", "jolly")
    assert (chomp.level, chomp.happiness, chomp.shiny) == (78, 12, True)
    assert (chomp.pokeball, chomp.tera_type) == ("pokeball", "Steel")
    assert chomp.evs == (252, 0, 4, 0, 0, 252)
    assert chomp.ivs == (31, 31, 31, 0, 31, 31)
    assert chomp.moves == ("earthquake", "dragontail", "stealthrock", "spikes")
    assert (gastrodon.species, gastrodon.item, gastrodon.level) == ("gastrodoneast", "", 100)


def test_each_form_holds_the_same_team() -> None:
    team = one(SANDY)
    assert packed_text(team.sets) == PACKED
    assert one(PACKED) == team
    assert parse_packed_team(PACKED)[0] == team.sets[0]
    assert export_text(team.sets) == SANDY
    json = (
        '[{"name": "Chompy (the 2nd)", "species": "Garchomp", "item": "Rocky Helmet", '
        '"ability": "Rough Skin", "gender": "F", "level": 78, "shiny": true, "happiness": 12, '
        '"pokeball": "Poke Ball", "teraType": "Steel", "nature": "Jolly", "evs": {"hp": 252, '
        '"def": 4, "spe": 252}, "ivs": {"spa": 0}, "moves": ["Earthquake", "Dragon Tail", '
        '"Stealth Rock", "Spikes"]}, {"species": "Gastrodon-East", "ability": "Storm Drain", '
        '"nature": "Calm", "evs": {"hp": 252}, "moves": ["Surf"]}]'
    )
    assert one(json) == team
    assert parse_teams(f"[{json}, {json}]") == (team, team)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(SANDY.replace("\n", "\r\n"), id="lines of Windows"),
        pytest.param("\ufeff" + SANDY, id="byte order mark"),
        pytest.param("\n\n  \n" + SANDY.replace("\n", "  \n") + "\n\n", id="spaces at the ends"),
        pytest.param(SANDY.replace("\n\n", "\n---\n"), id="hyphens between the Pokémon"),
        pytest.param(SANDY.replace("Ability: Storm Drain", "Trait: Storm Drain"), id="Trait"),
        pytest.param(SANDY.replace("- ", "-"), id="no space before a move"),
        pytest.param(SANDY.replace("Calm Nature", "calm nature"), id="nature in lower case"),
        pytest.param(SANDY.replace("Steel\n", "steel\n"), id="type in lower case"),
        pytest.param(SANDY + "Gigantamax: Yes\nDynamax Level: 3\n", id="of generation 8"),
    ],
)
def test_spelling_does_not_matter(changed: str) -> None:
    assert one(changed) == one(SANDY)


def test_a_missing_ability_is_the_first_of_the_species() -> None:
    (mon,) = one("Garchomp\n- Earthquake").sets
    assert (mon.ability, mon.nature, mon.tera_type) == ("sandveil", "serious", "")


def test_a_nickname_may_hold_at_and_parentheses() -> None:
    (mon,) = one("a @ b (M) (Garchomp) (M) @ Leftovers\n- Earthquake").sets
    assert (mon.nickname, mon.gender, mon.item) == ("a @ b (M)", "M", "leftovers")


def test_headers_part_the_teams_of_a_backup() -> None:
    first, second = (
        NamedTeam("rain (old)", one(SANDY).sets, "gen9ou"),
        NamedTeam("x", one(SANDY).sets[:1]),
    )
    text = backup_text((first, second))
    assert text.startswith("=== [gen9ou] rain (old) ===\n\nChompy")
    assert parse_teams(text) == (first, second)


def test_packed_lines_may_name_format_and_team() -> None:
    assert parse_teams(f"gen9uu]folder/sand|{PACKED}\n{PACKED}\n", "name") == (
        NamedTeam("folder/sand", one(SANDY).sets, "gen9uu"),
        NamedTeam("name", one(SANDY).sets),
    )


def test_a_folder_is_read_by_name(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text(SANDY)
    (tmp_path / "a.json").write_text('[{"species": "Mew", "moves": ["Surf"]}]')
    (tmp_path / "notes.md").write_text("no team")
    assert [team.name for team in read_teams(tmp_path)] == ["a", "b"]


SEVEN = "\n\n".join(["Mew\n- Surf"] * 7)
LONG = "x" * 10_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("", "the text is empty", id="empty"),
        pytest.param(SEVEN, "a team has 1 to 6 Pokémon, this one has 7", id="seven"),
        pytest.param("[]", "holds no team", id="no team in JSON"),
        pytest.param("[[]]", "this one has 0", id="empty team"),
        pytest.param("=== [gen9ou] a ===\n", "this one has 0", id="a header alone"),
        pytest.param("Lorem ipsum dolor", "unknown species 'Lorem ipsum dolor'", id="prose"),
        pytest.param("Garchom\n- Surf", "'Garchom'; did you mean Garchomp?", id="species"),
        pytest.param("Mew\n- Sruf", r"\(Mew\): unknown move 'Sruf'; did you mean Surf", id="move"),
        pytest.param("Mew @ Lefto\n- Surf", "unknown item 'Lefto'", id="item"),
        pytest.param("Mew\nAbility: Wonder\n- Surf", "unknown ability 'Wonder'", id="ability"),
        pytest.param("Mew\nTera Type: Bird\n- Surf", "unknown type 'Bird'", id="type"),
        pytest.param("Mew\nSleepy Nature\n- Surf", "unknown nature 'Sleepy'", id="nature"),
        pytest.param("Mew\n- Hidden Power [Fire]", "move 'Hidden Power Fire'", id="past move"),
        pytest.param("Mew\nAbility: Synchronize", "1 to 4 moves, this one 0", id="no moves"),
        pytest.param("Mew\n- Surf\n- Fly\n- Pound\n- Ember\n- Dig", "this one 5", id="five"),
        pytest.param("Mew\nLevel: 101\n- Surf", "level 101 is not between 1 and 100", id="level"),
        pytest.param("Mew\nLevel: ²\n- Surf", "line 2: Level '²' is no whole number", id="digit"),
        pytest.param("Mew\nEVs: 252 At", "line 2: EVs '252 At'", id="half an EV"),
        pytest.param("Mew\nIVs: 32 Atk\n- Surf", "IVs 32 is not between 0 and 31", id="IV"),
        pytest.param("Mew\nIs it legal?\n- Surf", "line 2, 'Is it legal", id="no line of a set"),
        pytest.param(f"{LONG} (Mew)\n- Surf", "is longer than 18", id="nickname"),
        pytest.param('[{"species": "Mew"', "no JSON of teams", id="half of JSON"),
        pytest.param('[{"species": 3}]', "no JSON of teams", id="wrong JSON"),
        pytest.param("[" * 100_000, "no JSON of teams", id="deep JSON"),
        pytest.param(PACKED[:60], "12 fields are wanted", id="half of packed text"),
        pytest.param(PACKED.replace("|78|", "|seven|"), "level 'seven'", id="packed level"),
        pytest.param(PACKED.replace("RoughSkin", "Xx"), "unknown ability 'xx'", id="packed name"),
        pytest.param("Nobody|||||||||||", "species 'nobody'", id="packed species"),
    ],
)
def test_what_is_wrong_is_one_line_with_the_file(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(TeamError, match=said) as caught:
        read_teams(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_file_that_cannot_be_read_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "latin.txt").write_bytes(b"Farfetch\xb4d\n- Surf")
    with pytest.raises(TeamError, match="not UTF-8 text"):
        read_teams(tmp_path / "latin.txt")
    with pytest.raises(TeamError, match="cannot read"):
        read_teams(tmp_path / "nowhere.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(TeamError, match=r"holds no \.txt"):
        read_teams(tmp_path / "empty")


def test_a_name_with_escape_sequences_stays_one_name() -> None:
    team = one("=== [gen9ou] a\x1b[2J\tb ===\n\nx\u202ey (Mew)\n- Surf")
    assert team.name == "a\x1b[2J b"  # the border of printing shows the escape
    assert team.sets[0].nickname == "x y"


def test_our_own_teams_are_there() -> None:
    assert len(teams_of("ou")) >= 8
    others = "ubers uu ru nu pu zu lc monotype 1v1 bssregi"
    for name in others.split():
        assert len(teams_of(name)) >= 4, name
    for name in formats_with_teams():
        teams = teams_of(name)
        assert len({team.sets for team in teams}) == len(teams)
        assert [team.name for team in teams] == sorted(team.name for team in teams)


def test_a_format_without_teams_of_ours_says_which_have_some() -> None:
    with pytest.raises(TeamError, match="gen9ou"):
        teams_of("gen9monocolor")
