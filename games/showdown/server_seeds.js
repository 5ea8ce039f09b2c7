'use strict';
// Battles that can be played again: `/plywiseseed TEXT`, sent by a player before its challenge, seeds
// the next battle that it starts. The dice come from TEXT, each side's random team from TEXT and the
// side, so that battles of one TEXT have the same teams whoever plays them. The battle's log says
// `|debug|plywise seed TEXT` once the dice and both teams came from it. Copied into the server's
// config folder and loaded as part of its configuration; a battle without the command is untouched.
// `/plywisesecond` beside it makes the one who starts the battle its second player. Where the
// configuration has `plywiseseconds`, this is each player's time by the timer, and to reconnect, in
// such a battle. `/plywisethere NAME` is answered by `|plywisethere|ID|1` if that user is logged in
// and connected, else by `|plywisethere|ID|0`.
const crypto = require('crypto');
const { Battle } = require('../dist/sim/battle');

const waiting = new WeakMap(); // user -> text for its next battle
const second = new WeakSet(); // users who start their next battle as its second player
const seeded = new Map(); // seed of a battle -> its text

function seedFrom(text) {
	return `sodium,${crypto.createHash('sha256').update(`plywise ${text}`).digest('hex')}`;
}

const setPlayer = Battle.prototype.setPlayer;
Battle.prototype.setPlayer = function (slot, options) {
	const text = seeded.get(this.prngSeed);
	const joins = !this.sides[parseInt(slot[1]) - 1]; // later calls only change a name
	if (text !== undefined && joins) {
		if (!options.team) options.seed = seedFrom(`${text} ${slot}`);
		// The last one to join starts the battle, so the log is told before.
		if (this.sides.filter(side => !side).length === 1) this.add('debug', `plywise seed ${text}`);
	}
	return setPlayer.call(this, slot, options);
};

function limitTime(battle, seconds) {
	Object.assign(battle.timer.settings, {
		starting: seconds, grace: 0, maxPerTurn: seconds, maxFirstTurn: seconds,
	});
	for (const player of battle.players) {
		player.secondsLeft = player.turnSecondsLeft = player.dcSecondsLeft = seconds;
	}
}

let createBattle = null;
function wrapCreateBattle() {
	createBattle = Rooms.createBattle;
	Rooms.createBattle = function (options) {
		const starter = options.players[0]?.user;
		const text = starter && waiting.get(starter);
		if (text === undefined) return createBattle.call(this, options);
		waiting.delete(starter);
		options.seed = seedFrom(text);
		seeded.set(options.seed, text);
		if (second.delete(starter)) options.players.reverse();
		const room = createBattle.call(this, options);
		if (room?.battle && Config.plywiseseconds) limitTime(room.battle, Config.plywiseseconds);
		return room;
	};
}

exports.commands = {
	plywiseseed(target, room, user) {
		if (!createBattle) wrapCreateBattle(); // `Rooms` is not there yet when this file is loaded
		waiting.set(user, target.trim());
	},
	plywisesecond(target, room, user) {
		second.add(user);
	},
	plywisethere(target, room, user, connection) {
		const id = toID(target);
		const found = Users.getExact(id);
		connection.send(`|plywisethere|${id}|${found?.named && found.connected ? 1 : 0}`);
	},
};
