"""The border of a Showdown server: what it sends is checked here before poke-env reads it.

A server elsewhere is outside: its battle tags become parts of file names, its lines are parsed by
code that raises on what it does not know, and a request that nobody answers stops the battle.
"""

from __future__ import annotations

import re
from typing import Any

from poke_env import AccountConfiguration
from poke_env.battle import AbstractBattle
from websockets.exceptions import ConnectionClosed

from plywise.games.showdown.channel import BattleChannel
from plywise.games.showdown.login import Account, LoginServerError, assertion
from plywise.games.showdown.names import user_id, without_rank
from plywise.games.showdown.refusals import Refusal, name_advice, refusal, shortened
from plywise.games.showdown.session.battles import SessionPlayer

_TAG = re.compile(r"battle-([a-z0-9]{1,60})-[0-9]{1,20}(?:-[a-z0-9]{1,60})?", re.ASCII)
_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # not \n
_MAX_NAME = 40  # characters; a server allows 18
_VERSUS = " vs. "
_DEFAULT = "/choose default"
_DEFAULT_AFTER = 20  # choices in one turn, of which a battle asks for a few
_GIVE_UP_AFTER = 40


class MessageError(ValueError):
    """A message that no Showdown server sends; it is left out."""


def battle_format_of(room: str) -> str:
    """Return the format in the tag of a battle's room; "" it is no such tag."""
    found = _TAG.fullmatch(room)
    return "" if found is None else found[1]


def battle_tag(room: str, battle_format: str) -> str:
    """Return the tag of a battle's room.

    Raises:
        MessageError: it is no tag of a battle of this format.
    """
    if not battle_format or battle_format_of(room) != battle_format:
        raise MessageError(f"no battle of {battle_format} has the tag {room[:_MAX_NAME]!r}")
    return room


def user_name(text: str) -> str:
    """Return a user's name from a protocol line: as it is, but never long."""
    return text.strip()[:_MAX_NAME]


class CheckedPlayer(SessionPlayer):
    """Player whose messages are checked: a bad line costs itself, and no request stays unanswered.

    Its login is ours, not poke-env's, which waits for ever for a ranked account or one of another
    spelling, fails in a traceback for a wrong password, and cannot take an unregistered name where
    names must be signed.

    Args:
        account: what the login needs; None: the name of ``account_configuration`` alone.
        player_options: options of ``poke_env.player.Player``.

    Attributes:
        refused: one line if the server does not let the player in, or takes its name away; "".
        refusal: what the server refused last (a challenge, a team); None: nothing.
        notices: refusals that nobody has printed yet.
        said: the server's last words to the player (a popup), for error messages; "" none.
        without_result: tags of ended battles whose winner is none of the players.
    """

    def __init__(self, *, account: Account | None = None, **player_options: Any) -> None:
        super().__init__(**player_options)
        self.refused = ""
        self.refusal: Refusal | None = None
        self.notices: list[str] = []
        self.said = ""
        self.without_result: set[str] = set()
        self._account = account or Account(self.username)
        self._named_on: object = None  # the connection on which the name was given
        self._names: dict[str, set[str]] = {}  # of the players of running battles, by tag
        self._choices: dict[str, tuple[int, int]] = {}  # by tag: turn, choices sent in it
        self._channels: dict[str, BattleChannel] = {}  # of running battles, by tag
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
                if not self._follows(room[1:]):
                    return
                tag = battle_tag(room[1:], self.format)
                self.note_room(tag, lines)
                self._arrived(tag, lines)
                await self._handle_message("\n".join([room, *lines]))
                return
            for line in (room, *lines):
                if line.startswith("|"):
                    wanted = self.note_global(line)
                    if not await self._about_account(line) and wanted:
                        await self._handle_message(line)
        except ConnectionClosed:
            pass  # it is noticed by whoever watches the connection
        except MessageError as error:
            self.logger.error("message left out: %s", error, exc_info=error)
        except Exception:
            self.logger.debug("poke-env has logged what it could not handle", exc_info=True)

    def _follows(self, room: str) -> bool:
        """Whether what a battle's room says is for us; one of another format is an error."""
        return True

    def _arrived(self, tag: str, lines: list[str]) -> None:
        """Note lines of a battle on their arrival; poke-env handles them in sequence, later."""

    # -- the account -------------------------------------------------------------------------

    async def _about_account(self, line: str) -> bool:
        """Handle a line about the login, or words of the server; return whether it was one."""
        _, _, rest = line.partition("|")
        kind, _, words = rest.partition("|")
        if kind == "challstr":
            await self._log_in(words)
        elif kind == "updateuser":
            self._named(*words.split("|")[:2])
        elif kind == "nametaken":
            said = shortened(words.partition("|")[2] or words)
            self.refused = (
                f"the server refuses the name '{self.username}': {said} ({name_advice(said)})"
            )
        elif kind == "popup":
            self._popup(words)
        else:
            return False
        return True

    async def _log_in(self, challenge: str) -> None:
        try:
            signed = await assertion(self._account, challenge)
        except LoginServerError as error:
            self.refused = str(error)
        else:
            client: Any = self.ps_client
            await client.send_message(f"/trn {self._account.name},0,{signed}")

    def _named(self, identity: str, named: str = "0") -> None:
        """Take the server's word for the name: with a rank, ``@!``, or in another spelling."""
        client: Any = self.ps_client
        name = user_name(without_rank(identity))
        if user_id(name) == user_id(self._account.name):
            # poke-env compares names as they are written.
            client._account_configuration = AccountConfiguration(name, None)
            self._named_on = client.websocket
            client.logged_in.set()
        elif client.logged_in.is_set():
            client.logged_in.clear()
            if client.websocket is not self._named_on:
                return  # a new connection begins as a guest
            self.refused = f"the server has taken the name '{self.username}' away{self._because()}"
        elif named == "1":
            self.refused = (
                f"the server calls the account '{name}' and not '{self.username}'{self._because()}"
            )

    def _because(self) -> str:
        return f" (it said: {self.said})" if self.said else ""

    def _popup(self, words: str) -> None:
        """Keep words of the server."""
        self.said = shortened(words)
        found = refusal(words)
        if found is None:
            self.logger.info("the server says: %s", self.said)
            return
        self.logger.warning("%s", found)
        self.notices.append(str(found))
        self.refusal = found

    async def _handle_challenge_request(self, split_message: list[str]) -> None:
        """Queue a challenge of somebody else, without the rank before that user's name."""
        sender = without_rank(split_message[2])
        if user_id(sender) != user_id(self.username):
            await super()._handle_challenge_request(
                [*split_message[:2], sender, *split_message[3:]]
            )

    # -- battles -----------------------------------------------------------------------------

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
                line = self._checked(tag, line)
                self.channel(tag).read(line)
                await super()._handle_battle_message([head, line])
            except ConnectionClosed:
                raise
            except Exception as error:  # whatever poke-env or its callbacks make of it
                self.logger.error("%s: cannot handle %.200s", tag, line, exc_info=error)
                if kind == "request":
                    await self._send_choice(_DEFAULT, tag)

    def channel(self, tag: str) -> BattleChannel:
        """Return what the player is told of the battle with this tag."""
        if tag not in self._channels:
            self._channels[tag] = BattleChannel(self.format)
        return self._channels[tag]

    def _player_name(self, tag: str, text: str) -> str:
        """Return a player's name as poke-env knows it: our own as it was when the battle began.

        The server may spell our name in another way than at the login, and poke-env then takes us
        for the opponent.
        """
        name, battle = user_name(text), self._battles.get(tag)
        if user_id(name) != self.id:
            return name
        return self.username if battle is None else str(battle.player_username)

    def _title(self, tag: str, text: str) -> str:
        """Return a battle's title, ``NAME vs. NAME``, from which poke-env takes the opponent."""
        names = [self._player_name(tag, name) for name in text.split(_VERSUS)]
        if len(names) > 2:  # one of the names has it as well
            first = 1 if user_id(names[0]) == self.id else -1
            names = [" vs ".join(names[:first]), " vs ".join(names[first:])]
        return _VERSUS.join(names)

    def _checked(self, tag: str, line: list[str]) -> list[str]:
        """Return a line with checked names; a victory of nobody as a tie."""
        if line[1:2] == ["player"] and len(line) > 3:
            line = [*line[:3], self._player_name(tag, line[3]), *line[4:]]
            self._names.setdefault(tag, set()).add(line[3])
        elif line[1:2] == ["title"]:
            line = ["", "title", self._title(tag, "|".join(line[2:]))]
        elif line[1:2] == ["win"]:
            winner = self._player_name(tag, line[2] if len(line) > 2 else "")
            known = self._names.pop(tag, set()) | {self._player_name(tag, self.username)}
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
        self._channels.pop(tag, None)

    def _forget(self, tag: str) -> None:
        super()._forget(tag)
        self._choices.pop(tag, None)
        self._names.pop(tag, None)
        self._channels.pop(tag, None)
        self.without_result.discard(tag)

    def _battle_finished_callback(self, battle: AbstractBattle) -> None:
        super()._battle_finished_callback(battle)
        self._choices.pop(battle.battle_tag, None)
        told = self._channels.pop(battle.battle_tag, None)
        if told is not None and (told.known.unknown or told.known.unreadable):
            self.logger.warning(
                "%s: lines of unknown kinds %.200s, unreadable ones %.200s",
                battle.battle_tag,
                dict(told.known.unknown),
                dict(told.known.unreadable),
            )
        self._names.pop(battle.battle_tag, None)
