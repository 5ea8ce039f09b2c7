'use strict';
/* Plays battles of uniformly random legal choices in the real simulator and writes a corpus.

   node record.js PACKAGE_FOLDER BATTLES SEED OUT.jsonl.gz FORMAT
     [--fuzz] [--stall] [--keepties] [--ask] [--streams] [--theme=NAME,…] [--teams=FILE]

   PACKAGE_FOLDER  an installed pokemon-showdown
   FORMAT          a singles format of generation 9; its teams: teams.js
   --fuzz          instead, teams that mix every species, move, ability and item of the random formats,
                   or of all that is legal in the tier
   --stall         players prefer moves that do no damage, a tier's teams have few others: long battles
   --theme=NAMES   instead, teams whose Pokémon have abilities, items and moves of these
   --ask           of every four battles in one side 1, in one side 2, in one both are played by whoever reads standard
                   output: a battle's "b" line, then {"state", "side", "legal"} for every choice; the answer is a
                   line of standard input, a legal choice or nothing (chosen at random)
   --streams       besides, the log as it was written (both halves of |split|) and both players' requests
   --teams=FILE    instead, the packed teams in the file's lines, two a battle
   --keepties      a speed tie keeps its order (side 1 first) and draws nothing

   How a corpus reads is told in datasets/battle_corpus.py, what a dumped state holds in
   engine/battle/border/codec.py.  Progress goes to standard error, one "battle K of N" a line. */
const fs = require('fs'), path = require('path'), readline = require('readline'), zlib = require('zlib');
const {Dice, seedOf, teamSource} = require('./teams.js');
const [PACKAGE, BATTLES, SEED, OUT, FORMAT] = [path.resolve(process.argv[2]), +process.argv[3], +process.argv[4],
  process.argv[5], process.argv[6]];
const [FUZZ, STALL, KEEP_TIES, ASK, STREAMS] = ['--fuzz', '--stall', '--keepties', '--ask', '--streams']
  .map(name => process.argv.includes(name));
const {Battle, Teams, PRNG, Dex} = require(PACKAGE);
const {legal} = require('./legal.js');
const {BattleActions} = require(path.join(PACKAGE, 'dist/sim/battle-actions'));
const VERSION = require(path.join(PACKAGE, 'package.json')).version;
const option = name => process.argv.find(word => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const makeTeams = teamSource(PACKAGE, FORMAT,
  {seed: SEED, fuzz: FUZZ, stall: STALL, file: option('teams'), theme: option('theme')?.split(',')});
const TERA_SHARE = 0.15;   // terastallize rarely, or every battle would do it on its first turn

// ---- draws ------------------------------------------------------------------------------------------------------

let watched = null;   // the battle whose events name a draw's site

function stack(depth) {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = depth;
  const holder = {};
  Error.captureStackTrace(holder, RecordingPRNG.prototype.random);
  Error.stackTraceLimit = limit;
  return holder.stack.split('\n').slice(1);
}
const OWNER = /^(Battle|BattleActions|BattleQueue|PRNG|RecordingPRNG|Pokemon|Side|Field)\d*\./;
const DICE_CALLS = new Set(['randomChance', 'sample', 'shuffle', 'random']);
const HELPERS = new Set(['speedSort', 'eachEvent', 'randomizer']);

/** Where a draw is made: "caller<its caller|event:effect", the dice functions first, then who ties. */
function site() {
  const names = [];
  for (const frame of stack(10)) {
    const found = /at (?:new )?(?:Object\.|async )?([\w$.<>\[\] ]+?) \(/.exec(frame);
    const name = (found ? found[1].replace(/ \[as .*\]/, '') : '?').replace(OWNER, '');
    names.push(name);
    if (!DICE_CALLS.has(name) && !HELPERS.has(name)) break;
  }
  const chain = names.filter((name, i) => name !== names[i - 1]).join('<');
  return `${chain}|${watched.event?.id || ''}:${watched.effect?.id || ''}${watched.prng.tied}`;
}
/** Whether `secondaries` itself makes the draw, not an effect that it sets off. */
function drawnBySecondaries() {
  const frames = stack(3).filter(line => !/\.random \(/.test(line));
  return /secondaries \(/.test(frames[0] || '');
}

class RecordingPRNG extends PRNG {
  constructor(seed) {
    super(seed);
    this.draws = [];
    this.recording = false;
    this.numerator = -1;     // of the draw to come; -1: a plain one
    this.secondaries = null; // the chances of the secondary effects still to be drawn
    this.tied = '';          // the handlers being shuffled
  }
  random(from, to) {
    let low = 0, n = 2 ** 32;
    if (from !== undefined) {
      if (to) { low = Math.floor(from); n = Math.floor(to) - low; } else { n = Math.floor(from); }
    }
    const where = this.recording ? site() : '';
    let numerator = this.numerator;
    this.numerator = -1;
    if (numerator < 0 && this.secondaries?.length && n === 100 && drawnBySecondaries()) numerator = this.secondaries.shift();
    const result = super.random(from, to);
    if (this.recording) this.draws.push([where, numerator, low, n, result]);
    return result;
  }
  randomChance(numerator, denominator) {
    this.numerator = numerator;
    return this.random(denominator) < numerator;
  }
  shuffle(items, start = 0, end = items.length) {
    if (KEEP_TIES) return;
    this.tied = this.recording ? tied(items.slice(start, end)) : '';
    super.shuffle(items, start, end);
    this.tied = '';
  }
}
/** Who ties: " onResidual protect@p1 stall@p1" for handlers of an event, "" for Pokémon and actions. */
function tied(items) {
  const handlers = items.filter(item => item.effect);
  if (!handlers.length) return '';
  const name = handlers.map(h => h.callback?.name || '').sort().pop();
  return ` ${name} ${handlers.map(h => `${h.effect.id}@${h.effectHolder.side?.id || h.effectHolder.id || 'field'}`).join(' ')}`;
}

// Boosts of the user and secondary effects are drawn as plain 0..99: note the chance just before, so that a
// replay can check it.
const chance = effect => effect.chance === undefined ? 100 : effect.chance;
const {selfDrops, secondaries} = BattleActions.prototype;
BattleActions.prototype.selfDrops = function (targets, source, move, moveData, isSecondary) {
  const own = moveData.self;
  if (own && own.boosts && !isSecondary && !move.selfDropped && targets.some(t => t !== false)) {
    this.battle.prng.numerator = chance(own);
  }
  return selfDrops.apply(this, arguments);
};
BattleActions.prototype.secondaries = function () {
  const {battle} = this, {prng, runEvent} = battle;
  battle.runEvent = function (id) {
    const result = runEvent.apply(this, arguments);
    if (id === 'ModifySecondaries' && Array.isArray(result)) prng.secondaries = result.map(chance);
    return result;
  };
  try {
    return secondaries.apply(this, arguments);
  } finally {
    delete battle.runEvent;
    prng.secondaries = null;
  }
};

// ---- state dump -------------------------------------------------------------------------------------------------

/** Who came into the battle, by side, in the order of the choice at Team Preview. */
const brought = new Map();
const numberOf = pokemon => brought.get(pokemon.side).indexOf(pokemon.set);

const UNSAID = new Set(['id', 'target', 'effectOrder', 'sourceEffect', 'sourceSlot', 'isSlotCondition']);

/** A value without cycles: a Pokémon is "@p1:2" (team index), a side "@p1", an effect "#id". */
function plain(value) {
  if (value === null || typeof value !== 'object') return value;
  const kind = value.constructor.name;
  if (kind === 'Battle' || kind === 'Field') return undefined;
  if (kind === 'Pokemon') return `@${value.side.id}:${numberOf(value)}`;
  if (kind === 'Side') return `@${value.id}`;
  if (Array.isArray(value)) return value.map(plain);
  if (value.effectType) return `#${value.id}`;
  const out = {};
  for (const key in value) {
    if (typeof value[key] === 'function') continue;
    const found = plain(value[key]);
    if (found !== undefined) out[key] = found;
  }
  return out;
}
function effectState(state) {
  const out = {};
  for (const key in state) {
    const value = state[key];
    if (UNSAID.has(key) || typeof value === 'function') continue;
    if (key === 'source') { if (value?.side) out.src = plain(value); continue; }
    const found = plain(value);
    if (found !== undefined && found !== null) out[key] = found;
  }
  return out;
}
function effectStates(map) {
  const out = {};
  for (const key in map) out[key] = effectState(map[key]);
  return out;
}
const nonZero = boosts => Object.fromEntries(Object.entries(boosts).filter(([, n]) => n));
const filled = object => Object.keys(object).length > 0;

function dumpPokemon(p) {
  const {atk, def, spa, spd, spe} = p.storedStats;
  const out = {
    i: numberOf(p), sp: p.species.id, L: p.level, g: p.gender || 'N', hp: p.hp, mhp: p.maxhp,
    ab: p.ability, it: p.item, ty: p.types, tt: p.teraType,
    mv: p.moveSlots.map(m => m.disabled ? [m.id, m.pp, m.maxpp, m.disabled === 'hidden' ? 2 : 1] : [m.id, m.pp, m.maxpp]),
    st: [atk, def, spa, spd, spe],
  };
  const when = (key, condition, value = 1) => { if (condition) out[key] = value; };
  when('bsp', p.baseSpecies.id !== p.species.id, p.baseSpecies.id);
  when('bab', p.baseAbility !== p.ability, p.baseAbility);
  when('fnt', p.fainted);
  if (p.status) {
    out.s = p.status;
    const state = effectState(p.statusState);
    when('ss', filled(state), state);
  }
  const boosts = nonZero(p.boosts), volatiles = effectStates(p.volatiles);
  const abilityState = effectState(p.abilityState), itemState = effectState(p.itemState);
  when('bo', filled(boosts), boosts);
  when('tera', p.terastallized, p.terastallized);
  when('ct', p.canTerastallize);
  when('at', p.addedType, p.addedType);
  when('tr', p.transformed);
  // Transform and Mimic
  when('bmv', p.transformed || p.moveSlots.some(m => m.virtual), p.baseMoveSlots.map(m => [m.id, m.pp, m.maxpp]));
  if (p.illusion) out.ill = plain(p.illusion);
  when('vo', filled(volatiles), volatiles);
  when('as', filled(abilityState), abilityState);
  when('is', filled(itemState), itemState);
  when('li', p.lastItem, p.lastItem);
  when('ate', p.ateBerry);
  when('uit', p.usedItemThisTurn);
  when('ta', p.timesAttacked, p.timesAttacked);
  when('sbt', p.stellarBoostedTypes?.length, p.stellarBoostedTypes);
  when('sb', p.swordBoost);
  when('shb', p.shieldBoost);
  when('syr', p.syrupTriggered);
  when('hero', p.heroMessageDisplayed);
  when('bond', p.bondTriggered);
  when('stl', p.staleness, p.staleness);
  when('pst', p.pendingStaleness, p.pendingStaleness);
  when('mtr', p.moveThisTurnResult !== undefined, p.moveThisTurnResult);
  if (!p.isActive) return out;
  Object.assign(out, {act: 1, spd: p.speed, at_: p.activeTurns, ama: p.activeMoveActions});
  if (p.lastMove) out.lm = p.lastMove.id;
  if (p.lastMoveUsed) {
    out.lmu = p.lastMoveUsed.id;
    when('lmt', p.lastMoveUsed.type !== Dex.moves.get(out.lmu).type, p.lastMoveUsed.type);
  }
  when('mlr', p.moveLastTurnResult !== undefined, p.moveLastTurnResult);
  when('mtt', p.moveThisTurn, p.moveThisTurn);
  when('htt', p.hurtThisTurn, p.hurtThisTurn);
  when('ld', p.lastDamage, p.lastDamage);
  when('trp', p.trapped, p.trapped);
  when('mtrp', p.maybeTrapped);
  when('vst', p.volatileStaleness, p.volatileStaleness);
  when('swf', p.switchFlag, p.switchFlag);
  when('srt', p.statsRaisedThisTurn);
  when('slt', p.statsLoweredThisTurn);
  when('nsw', p.newlySwitched);
  when('aby', p.attackedBy.length, p.attackedBy.map(x => [plain(x.source), x.move, x.damage, x.thisTurn ? 1 : 0]));
  const used = p.moveSlots.map((m, i) => m.used ? i : -1).filter(i => i >= 0);
  when('us', used.length, used);
  when('wt', p.weighthg !== p.species.weighthg, p.weighthg);
  return out;
}
function dumpSide(s) {
  const out = {
    left: s.pokemonLeft, fnt: s.totalFainted, order: s.pokemon.map(numberOf),
    sc: effectStates(s.sideConditions), sl: s.slotConditions.map(effectStates), P: s.pokemon.map(dumpPokemon),
  };
  if (s.faintedThisTurn) out.ftt = plain(s.faintedThisTurn);
  if (s.faintedLastTurn) out.flt = plain(s.faintedLastTurn);
  return out;
}
function dump(battle) {
  const {field} = battle, pseudo = {};
  for (const key in field.pseudoWeather) {   // rules of the format stand here too
    if (Dex.moves.get(key).exists || field.pseudoWeather[key].duration) pseudo[key] = effectState(field.pseudoWeather[key]);
  }
  const out = {
    turn: battle.turn, req: battle.requestState, w: field.weather, ws: effectState(field.weatherState),
    t: field.terrain, ts: effectState(field.terrainState), pw: pseudo,
    lm: battle.lastMove ? battle.lastMove.id : '', lsm: battle.lastSuccessfulMoveThisTurn || '',
    q: battle.queue.list.map(a => [a.choice, a.pokemon ? plain(a.pokemon) : '', a.move ? a.move.id : '',
      ...a.choice === 'switch' ? [plain(a.target)] : []]),
    S: battle.sides.map(dumpSide),
  };
  if (battle.ended) out.win = battle.winner || '';
  return out;
}
/** A log without time stamps and without the public half of |split| pairs. */
function privateLog(log) {
  const out = [];
  for (let i = 0; i < log.length; i++) {
    if (log[i].startsWith('|split|')) {
      out.push(log[i + 1]);
      i += 2;
    } else if (!log[i].startsWith('|t:|') && log[i] !== '' && log[i] !== '|') {
      out.push(log[i]);
    }
  }
  return out;
}

/** With --streams: what the players and a spectator are sent since line `start` of the log, and the requests. */
function streams(battle, start) {
  if (!STREAMS) return {};
  return {raw: battle.log.slice(start).map(line => line.startsWith('|t:|') ? '|t:|0' : line), req: battle.sides.map(s => s.activeRequest)};
}

// ---- the recording ----------------------------------------------------------------------------------------------

function newBattle(seed, number, dice) {
  const teams = makeTeams(seed, number);
  const battle = new Battle({formatid: FORMAT, prng: new RecordingPRNG(seedOf(PRNG, seed, 0xba77))});
  battle.teamGenerator = teams.generator;   // Battle Factory says what it has made
  battle.supportCancel = false;
  battle.setPlayer('p1', {name: 'P1', team: teams[0]});
  battle.setPlayer('p2', {name: 'P2', team: teams[1]});
  const preview = battle.requestState === 'teampreview';
  const asked = preview ? battle.sides.map(s => s.activeRequest) : null;
  const picked = battle.sides.map(s => preview ? dice.shuffled(s.team.map((_, i) => i)).slice(0, s.pickedTeamSize()) :
    s.team.map((_, i) => i));
  if (preview) {
    for (const [i, side] of battle.sides.entries()) {
      const choice = `team ${picked[i].map(k => k + 1).join('')}`;
      if (!side.choose(choice)) throw new Error(`${choice}: ${side.choice.error}`);
    }
    battle.commitChoices();
  }
  for (const side of battle.sides) brought.set(side, side.pokemon.map(p => p.set));
  return {battle, picked, asked};
}

/** A player's choice: one of the legal ones, Terastallization rarely; stalling prefers moves that do no damage. */
function choose(battle, index, list, dice) {
  const moves = battle.sides[index].active[0]?.moveSlots || [];
  const idle = choice => Dex.moves.get(moves[+choice.split(' ')[1] - 1]?.id).category === 'Status';
  const choice = STALL ? dice.weighted(list, c => c.startsWith('move') ? idle(c) ? 12 : 2 : 1) : dice.pick(list);
  return dice.share() > TERA_SHARE ? choice.replace(' terastallize', '') : choice;
}

const answers = ASK ? readline.createInterface({input: process.stdin})[Symbol.asyncIterator]() : null;
const say = line => process.stdout.write(JSON.stringify(line) + '\n');
/** The choice of whoever reads standard output, undefined if it leaves it to chance. */
async function ask(state, side, list) {
  say({state, side, legal: list});
  const {value, done} = await answers.next();
  if (done) throw new Error('nobody answers');
  return list.find(choice => choice === value);
}

async function main() {
  const zip = zlib.createGzip({level: 6}), file = fs.createWriteStream(OUT);
  zip.pipe(file);
  const write = line => zip.write(JSON.stringify(line) + '\n') ? null : new Promise(done => zip.once('drain', done));
  for (let number = 0; number < BATTLES; number++) {
    const dice = new Dice(SEED * 7919 + number), {battle, picked, asked} = newBattle(SEED * 100003 + number, number, dice);
    watched = battle;
    battle.prng.recording = true;
    const head = {
      k: 'b', b: number, version: VERSION, seed: battle.prng.startingSeed, fmt: FORMAT,
      ties: KEEP_TIES ? 'kept' : 'drawn',
      teams: battle.sides.map(s => Teams.pack(s.team)), picked, log: privateLog(battle.log), ...streams(battle, 0),
    };
    if (STREAMS && asked) head.preview = asked;
    await write(head);
    if (ASK) say(head);
    let state = dump(battle);
    for (let step = 0; !battle.ended; step++) {
      const choices = [0, 1].map(i => legal(battle.sides[i]));
      const chosen = choices.map((list, i) => list && choose(battle, i, list, dice));
      for (const [i, list] of choices.entries()) {
        if (ASK && list && number % 4 & 1 << i) chosen[i] = await ask(state, i, list) || chosen[i];
      }
      const line = {k: 't', b: number, n: step, c: chosen, leg: choices, seed: battle.prng.getSeed()};
      if (step === 0) line.s0 = state;
      battle.prng.draws = [];
      const start = battle.log.length;
      for (const [i, choice] of chosen.entries()) {
        if (choice && !battle.sides[i].choose(choice)) throw new Error(`${choice}: ${battle.sides[i].choice.error}`);
      }
      battle.commitChoices();
      line.s1 = state = dump(battle);
      line.log = privateLog(battle.log.slice(start));
      line.r = battle.prng.draws;
      Object.assign(line, streams(battle, start));
      await write(line);
    }
    process.stderr.write(`battle ${number + 1} of ${BATTLES}\n`);
  }
  zip.end();
  await new Promise(done => file.on('close', done));
  if (ASK) process.stdin.destroy();
}
main().catch(error => { process.stderr.write(`${error.stack}\n`); process.exitCode = 1; });
