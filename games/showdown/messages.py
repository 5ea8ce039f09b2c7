"""The border of a Showdown server: what it sends is checked here before poke-env reads it.

A server elsewhere is outside: its battle tags become parts of file names, its lines are parsed by
code that raises on what it does not know, and a request that nobody answers stops the battle.
"""

from __future__ import annotations

import re
from typing import Any

from poke_env.battle import AbstractBattle
from websockets.exceptions import ConnectionClosed

from plywise.games.showdown.session.battles import SessionPlayer

_TAG = re.compile(r"battle-([a-z0-9]{1,60})-[0-9]{1,20}(?:-[a-z0-9]{1,60})?", re.ASCII)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # not \n
_MAX_NAME = 40  # characters; a server allows 18
_MAX_WORDS = 200  # characters of a server's words in a message of ours
_DEFAULT = "/choose default"
_DEFAULT_AFTER = 20  # choices in one turn, of which a battle asks for a few
_GIVE_UP_AFTER = 40


class MessageError(ValueError):
    """A message that no Showdown server sends; it is left out."""


def battle_tag(room: str, battle_format: str) -> str:
    """Return the tag of a battle's room.

    Raises:
        MessageError: it is no tag of a battle of this format.
    """
    found = _TAG.fullmatch(room)
    if found is None or found[1] != battle_format:
        raise MessageError(f"no battle of {battle_format} has the tag {room[:_MAX_NAME]!r}")
    return room


def user_name(text: str) -> str:
    """Return a user's name from a protocol line: as it is, but never long."""
    return text.strip()[:_MAX_NAME]


class CheckedPlayer(SessionPlayer):
    """Player whose messages are checked: a bad line costs itself, and no request stays unanswered.

    Attributes:
        refused: the server's words if it does not let the player in; "" otherwise.
        said: its last words to the player (a popup), for error messages; "" none.
        without_result: tags of ended battles whose winner is none of the players.
    """

    def __init__(self, **player_options: Any) -> None:
        super().__init__(**player_options)
        self.refused = ""
        self.said = ""
        self.without_result: set[str] = set()
        self._names: dict[str, set[str]] = {}  # of the players of running battles, by tag
        self._choices: dict[str, tuple[int, int]] = {}  # by tag: turn, choices sent in it
        client: Any = self.ps_client  # its coroutines are not typed
        self._handle_message = client._handle_message
        client._handle_message = self._receive

    async def _receive(self, message: str) -> None:
        """Check a message, then let poke-env handle it."""
        self.note_arrival()
        try:
            room, *lines = _CONTROL.sub("\ufffd", message).split("\n")
            if room.startswith(">"):
                if not room.startswith(">battle"):
                    return  # a chat room
                tag = battle_tag(room[1:], self.format)
                self.note_room(tag, lines)
                self._arrived(tag, lines)
                await self._handle_message("\n".join([room, *lines]))
                return
            for line in (room, *lines):
                if line.startswith("|"):
                    self._note_words(line)
                    if self.note_global(line):
                        await self._handle_message(line)
        except ConnectionClosed:
            pass  # it is noticed by whoever watches the connection
        except MessageError as error:
            self.logger.error("message left out: %s", error, exc_info=error)
        except Exception:
            self.logger.debug("poke-env has logged what it could not handle", exc_info=True)

    def _arrived(self, tag: str, lines: list[str]) -> None:
        """Note lines of a battle on their arrival; poke-env handles them in sequence, later."""

    def _note_words(self, line: str) -> None:
        _, _, rest = line.partition("|")
        kind, _, words = rest.partition("|")
        if kind == "nametaken":
            self.refused = words[-_MAX_WORDS:].replace("|", " ")
        elif kind == "popup":
            self.said = words[:_MAX_WORDS].replace("||", " ")

    async def _handle_battle_message(self, split_messages: list[list[str]]) -> None:
        """Handle the lines one by one, so that one which poke-env cannot read costs no other."""
        head, *lines = split_messages
        tag = head[0][1:]
        lines = self.relevant(tag, lines)
        if not lines:
            return
        if tag not in self._battles:  # it begins, or poke-env would wait for ever
            lines.sort(key=lambda line: line[1:2] != ["init"])
            if lines[0][1:2] != ["init"]:
                raise MessageError(f"{tag} has not begun")
        for line in lines:
            kind = line[1] if len(line) > 1 else ""
            battle = self._battles.get(tag)
            if kind in ("win", "tie") and battle is not None and battle.finished:
                continue  # poke-env would count the battle twice
            try:
                await super()._handle_battle_message([head, self._checked(tag, line)])
            except ConnectionClosed:
                raise
            except Exception as error:  # whatever poke-env or its callbacks make of it
                self.logger.error("%s: cannot handle %.200s", tag, line, exc_info=error)
                if kind == "request":
                    await self._send_choice(_DEFAULT, tag)

    def _checked(self, tag: str, line: list[str]) -> list[str]:
        """Return a line with checked names; a victory of nobody as a tie."""
        if line[1:2] == ["player"] and len(line) > 3:
            line = [*line[:3], user_name(line[3]), *line[4:]]
            self._names.setdefault(tag, {self.username}).add(line[3])
        elif line[1:2] == ["win"]:
            winner = user_name(line[2]) if len(line) > 2 else ""
            known = self._names.pop(tag, {self.username})
            if not winner or winner not in known:
                self.logger.error("%s: won by %r, who does not play", tag, winner)
                self.without_result.add(tag)
                return ["", "tie"]
            line = ["", "win", winner]
        return line

    async def _handle_battle_request(
        self, battle: AbstractBattle, maybe_default_order: bool = False
    ) -> None:
        """Answer a request, unless the server has refused all answers in this turn."""
        if not self._to_be_answered(battle):
            return
        if battle._wait:
            await super()._handle_battle_request(battle, maybe_default_order)
            return
        tag = battle.battle_tag
        turn, count = self._choices.get(tag, (battle.turn, 0))
        count = count + 1 if turn == battle.turn else 1
        self._choices[tag] = battle.turn, count
        if count <= _DEFAULT_AFTER:
            await super()._handle_battle_request(battle, maybe_default_order)
        elif count < _GIVE_UP_AFTER:
            await self._send_choice(_DEFAULT, tag)
        elif count == _GIVE_UP_AFTER:
            self.said = f"{tag} is given up: {count} choices in turn {turn} led nowhere"
            self.logger.error("%s", self.said)
            await self._send_choice("/forfeit", tag)

    async def _send_choice(self, choice: str, tag: str) -> None:
        client: Any = self.ps_client
        await client.send_message(choice, tag)

    def _begin_anew(self, tag: str) -> None:
        super()._begin_anew(tag)
        self._choices.pop(tag, None)
        self._names.pop(tag, None)

    def _forget(self, tag: str) -> None:
        super()._forget(tag)
        self._choices.pop(tag, None)
        self._names.pop(tag, None)
        self.without_result.discard(tag)

    def _battle_finished_callback(self, battle: AbstractBattle) -> None:
        super()._battle_finished_callback(battle)
        self._choices.pop(battle.battle_tag, None)
        self._names.pop(battle.battle_tag, None)
