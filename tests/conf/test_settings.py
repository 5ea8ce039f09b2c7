"""A setting stands in one place, its dataclass field; everything else is made from it."""

from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from typing import Any, ClassVar

import pytest

from plywise.arena.cli import main as cli
from plywise.arena.cli.commands import COMMANDS, Command
from plywise.arena.cli.groups import group_schemas
from plywise.conf import listing
from plywise.conf.registry import COMMAND_SCHEMAS
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import Settings, check_settings, setting, settings_of

SCHEMAS: dict[str, type[Any]] = {
    **COMMAND_SCHEMAS,
    **{name: kind for kinds in group_schemas().values() for name, kind in kinds.items()},
}


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_setting_has_words(name: str) -> None:
    about = settings_of(SCHEMAS[name])
    for one in fields(SCHEMAS[name]):
        if one.name in about:
            assert len(about[one.name].words) > 5, one.name
        elif one.default_factory is not MISSING:
            assert is_dataclass(one.default_factory), one.name
            assert settings_of(one.default_factory).keys() == {
                f.name for f in fields(one.default_factory)
            }
        else:
            assert one.name == "name"  # of an option


@pytest.mark.parametrize("group", sorted(set(group_schemas()) - {"opponent"}))
def test_no_yaml_file_repeats_a_default(group: str) -> None:
    command = "play" if group != "tournament" else "tournament"
    schema = COMMAND_SCHEMAS[command]
    for name in listing.options(group):
        option = listing.read_option(group, name, group_schemas())
        bare = listing.GroupOption(name, "", option.schema, {}, {})
        chosen = listing.chosen_options(schema, (), group_schemas()) | {group: bare}
        defaults = {s.key: s.default for s in listing.listed(schema, chosen)}
        for key, value in option.values.items():
            assert defaults.get(key, "the name of an option") != value, f"{name}: {key}"


@dataclass
class Part(Settings):
    """A part of made-up settings."""

    PREFIX: ClassVar[str] = "part."

    share: float = setting(0.5, "a share of something", low=0, high=1, old=("portion",))


@dataclass
class MadeUp(Settings):
    """Settings of a command that was made up.

    It does nothing at all.
    """

    kind: str = setting("plain", "the kind of it", choices=("plain", "fancy"))
    limit: int | None = setting(None, "most of them; null: any number", low=1)
    part: Part = field(default_factory=Part)


ran: list[tuple[MadeUp, str]] = []


def run(config: MadeUp, folder: Any) -> int:
    ran.append((config, folder.name))
    return 0


@pytest.fixture
def _made_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    command = Command("do nothing", f"{__name__}:run", example="limit=3")
    monkeypatch.setitem(COMMANDS, "made_up", command)
    monkeypatch.setitem(COMMAND_SCHEMAS, "made_up", MadeUp)
    monkeypatch.setattr("plywise.arena.cli.main._load", lambda target: run)
    monkeypatch.chdir(tmp_path)
    ran.clear()


@pytest.mark.usefixtures("_made_up")
def test_a_new_setting_is_one_field(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["made_up", "--help"]) == 0
    text = capsys.readouterr().out
    assert "\nIt does nothing at all.\n" in text
    assert "\n  kind        plain  the kind of it [plain, fancy]\n" in text
    assert "\n  limit       null   most of them; null: any number\n" in text
    assert "\n  part.share  0.5    a share of something [0 to 1]\n" in text
    assert cli.main(["made_up", "--cfg", "job"]) == 0
    assert capsys.readouterr().out == "kind: plain\nlimit: null\npart:\n  share: 0.5\n"
    assert cli.main(["made_up", "kind=fancy", "limit=3", "part.portion=0.25"]) == 0
    assert [config for config, _ in ran] == [MadeUp("fancy", 3, Part(0.25))]
    told = capsys.readouterr().err
    assert told == "plywise: 'part.portion' is now called 'part.share'\n"


@pytest.mark.slow
@pytest.mark.usefixtures("_made_up")
@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("kind=odd", "kind=odd: choose one of plain, fancy"),
        ("limit=0", "limit=0: must be at least 1"),
        ("part.share=2", "part.share=2.0: must be between 0 and 1"),
        ("part.shares=1", "did you mean 'part.share'? part has: share"),
        ("kinds=odd", "did you mean 'kind'? made_up has: kind, limit, part"),
        ("limit=many", "limit=many: must be a whole number"),
    ],
)
def test_its_values_are_checked(
    argument: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["made_up", argument]) == 2
    assert words in capsys.readouterr().err
    assert not ran


@dataclass
class Lists:
    words: list[str] = setting(["a"], "some words", choices=("a", "b"))


def test_each_value_of_a_list_is_checked() -> None:
    check_settings(Lists(["a", "b"]))
    with pytest.raises(ConfigError, match=r"x\.words=c: choose one of a, b"):
        check_settings(Lists(["a", "c"]), "x.")
