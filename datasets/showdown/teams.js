'use strict';
/* Teams for recorded battles: the formats' own generators, mixes of everything, and tiers.

   teamSource(package, format, options) returns (seed, number) => two teams, the same for the same arguments; what made
   them may stand there as `generator`.

   tiers (gen9ou …)        species, moves, abilities and items that the installed package's rule table and
                           learnsets allow (every team is checked by its TeamValidator), EVs and natures
                           as people play them; a move that few species learn is chosen as often as one of many
   tiers with fuzz         any moves, abilities and items of generation 9 on species of the tier; every battle takes
                           its share of shuffled decks, so that a few dozen battles use everything
   with theme              every Pokémon has what the theme names, of each kind that it names: one of the
                           abilities, one of the items, two of the moves; species are those that have the ability
                           by nature (with fuzz: any).  Every second battle gives both sides the same team, and of
                           every four battles two have Pokémon of one and the same Speed: ties
   with file               the packed teams in its lines, two a battle
   with stall              at most one move of a set does damage, so battles become long and PP run out */
const fs = require('fs'), path = require('path'), zlib = require('zlib');

/** Dice of players and team makers (mulberry32), apart from the battle's own. */
class Dice {
  constructor(seed) { this.state = (seed >>> 0) || 1; }
  next() {
    let t = (this.state = (this.state + 0x6D2B79F5) >>> 0);
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  }
  below(n) { return this.next() % n; }
  pick(list) { return list[this.below(list.length)]; }
  share() { return this.next() / 2 ** 32; }
  /** One of the list, each as likely as its weight says. */
  weighted(list, weight) {
    let left = this.share() * list.reduce((sum, x) => sum + weight(x), 0);
    for (const x of list) if ((left -= weight(x)) < 0) return x;
    return list[list.length - 1];
  }
  shuffled(list) {
    const out = [...list];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}
const seedOf = (PRNG, seed, salt) => PRNG.convertSeed([seed & 0xffff, (seed >>> 16) & 0xffff, salt, 1]);
const spread = (hp, atk, def, spa, spd, spe) => ({hp, atk, def, spa, spd, spe});
const all = value => spread(value, value, value, value, value, value);

// ---- mixes of everything that the random formats use ------------------------------------------------------------

/** Everything that the three formats' sets name. */
function fuzzPool(PACKAGE, Dex) {
  const found = {species: new Set(), moves: new Set(), abilities: new Set(), items: new Set(), types: new Set()};
  const put = (kind, names) => { for (const name of [names].flat(Infinity)) if (Dex.toID(name)) found[kind].add(Dex.toID(name)); };
  const random = JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(__dirname, 'gen9randombattle.json.gz'))));
  for (const [species, , ability, item, tera, moves] of random.sets) {
    put('species', species); put('abilities', ability); put('items', item); put('moves', moves); found.types.add(tera);
  }
  const read = name => JSON.parse(fs.readFileSync(path.join(PACKAGE, 'dist/data/random-battles/gen9', name)));
  const factory = read('factory-sets.json'), bss = read('bss-factory-sets.json');
  for (const pokemon of [...Object.values(factory).flatMap(t => Object.entries(t)), ...Object.entries(bss)]) {
    for (const set of pokemon[1].sets) {
      put('species', set.species || pokemon[0]); put('abilities', set.ability); put('items', set.item); put('moves', set.moves);
    }
  }
  found.species = new Set([...found.species].filter(id => {
    const species = Dex.species.get(id);
    return species.exists && !species.requiredItem && !species.battleOnly;
  }));
  return Object.fromEntries(Object.entries(found).map(([kind, names]) => [kind, [...names].sort()]));
}
function fuzzTeams(pool, Dex, seed) {
  const dice = new Dice(seed * 31337 + 5);
  for (let i = 0; i < 5; i++) dice.next();
  const distinct = (n, list) => {
    const found = new Set();
    while (found.size < n) found.add(dice.pick(list));
    return [...found];
  };
  return [0, 1].map(() => distinct(6, pool.species).map(id => {
    const species = Dex.species.get(id), own = dice.below(3) === 0;
    return {
      name: species.baseSpecies, species: species.name, item: dice.pick(pool.items),
      ability: own ? dice.pick(Object.values(species.abilities)) : dice.pick(pool.abilities),
      moves: distinct(4, pool.moves), nature: 'Serious', gender: species.gender || dice.pick(['M', 'F']),
      evs: all(85), ivs: all(31), level: 75 + dice.below(26), teraType: dice.pick(pool.types),
    };
  }));
}

// ---- tiers ------------------------------------------------------------------------------------------------------

/** What is legal in a tier: species with their moves and abilities, items, and how many learn a move. */
function tierPool(Dex, validator) {
  const set = () => ({species: 'Mew', moves: [], ability: ''});
  const found = {species: [], learners: {}};
  for (const species of Dex.species.all()) {
    if (species.battleOnly || validator.checkSpecies({...set(), species: species.name}, species, species, {})) continue;
    const moves = [...Dex.species.getMovePool(species.id)].filter(id => !validator.checkMove(set(), Dex.moves.get(id), {}));
    const abilities = Object.values(species.abilities)
      .filter(name => !validator.checkAbility(set(), Dex.abilities.get(name), {}));
    if (!moves.length || !abilities.length) continue;
    found.species.push({id: species.id, moves: moves.sort(), abilities});
    for (const id of moves) found.learners[id] = (found.learners[id] || 0) + 1;
  }
  const known = table => table.all().filter(entry => !entry.isNonstandard && entry.id !== 'noability');
  found.fuzz = {
    moves: known(Dex.moves).map(move => move.id).filter(id => id !== 'struggle').sort(),
    abilities: known(Dex.abilities).map(ability => ability.id).sort(), items: known(Dex.items).map(item => item.id).sort(),
  };
  found.items = Dex.items.all().filter(item => !validator.checkItem(set(), item, {})).map(item => item.id).sort();
  found.useful = found.items.filter(id => Object.values(Dex.items.get(id)).some(x => typeof x === 'function') ||
    Dex.items.get(id).isChoice);
  found.natures = Dex.natures.all().map(nature => nature.name);
  found.types = Dex.types.all().map(type => type.name).filter(name => name !== 'Stellar').concat('Stellar');
  return found;
}
/** EVs as people give them (three stats at most, 508 in all), or a random split. */
function competitiveEVs(dice) {
  const evs = all(0), stats = dice.shuffled(Object.keys(evs));
  if (dice.below(3)) {
    evs[stats[0]] = evs[stats[1]] = 252;
    evs[stats[2]] = 4;
  } else {
    for (let left = 127; left > 0;) {
      const stat = dice.pick(stats), more = Math.min(left, 63 - evs[stat] / 4, 1 + dice.below(63));
      evs[stat] += 4 * more;
      left -= Math.max(more, 1);
    }
  }
  return evs;
}
function quiet(Dex, dice, moves, stall) {
  if (!stall) return moves;
  const status = moves.filter(id => Dex.moves.get(id).category === 'Status');
  const attacks = moves.filter(id => Dex.moves.get(id).category !== 'Status');
  return status.length < 4 ? moves : [...status, dice.pick(attacks.length ? attacks : status)];
}
function tierSet(pool, Dex, rules, dice, entry, stall) {
  const species = Dex.species.get(entry.id), weight = id => 1 / pool.learners[id];
  const known = quiet(Dex, dice, entry.moves, stall), moves = [];
  while (moves.length < Math.min(4, known.length)) {
    const id = dice.weighted(known, weight);
    if (!moves.includes(id)) moves.push(id);
  }
  const required = species.requiredItems?.length ? species.requiredItems : null;
  return {
    name: species.baseSpecies, species: species.name, moves, ability: dice.pick(entry.abilities),
    item: required ? dice.pick(required) : dice.pick(dice.below(8) ? pool.useful : pool.items),
    nature: dice.pick(pool.natures), gender: species.gender || dice.pick(['M', 'F']), evs: competitiveEVs(dice),
    ivs: dice.below(3) ? all(31) : {...all(31), atk: 0}, level: rules.adjustLevel || rules.defaultLevel,
    teraType: dice.pick(pool.types),
  };
}
function tierTeam(pool, Dex, validator, dice, stall) {
  const rules = validator.ruleTable, team = [], used = new Set();
  const type = rules.has('sametypeclause') ? dice.pick(pool.types.filter(name => name !== 'Stellar')) : null;
  const species = pool.species.filter(entry => !type || Dex.species.get(entry.id).types.includes(type));
  for (let tries = 0; team.length < Math.min(6, rules.maxTeamSize) && tries < 10000; tries++) {
    const entry = dice.pick(species), number = Dex.species.get(entry.id).num;
    if (used.has(number)) continue;
    const made = tierSet(pool, Dex, rules, dice, entry, stall);
    if (validator.validateSet(made, {})) continue;   // for example egg moves that exclude each other
    if (rules.has('itemclause') && team.some(set => set.item === made.item)) continue;
    used.add(number);
    team.push(made);
  }
  return team;
}
function tierTeams(pool, Dex, validator, seed, stall) {
  const dice = new Dice(seed * 48271 + 11);
  for (let i = 0; i < 5; i++) dice.next();
  return [0, 1].map(() => {
    for (;;) {
      const team = tierTeam(pool, Dex, validator, dice, stall);
      if (!validator.validateTeam(team)) return team;   // for example two species that may not play together
    }
  });
}
/** Cards of a shuffled deck for battle `number`, `count` each: the decks of consecutive battles follow each other. */
function deal(list, seed, number, count) {
  return Array.from({length: count}, (_, k) => {
    const at = number * count + k, deck = Math.floor(at / list.length);
    return new Dice(seed * 7919 + deck * 31 + list.length).shuffled(list)[at % list.length];
  });
}
function tierFuzzTeams(pool, Dex, master, seed, number, stall) {
  const dice = new Dice(seed * 69621 + 17);
  for (let i = 0; i < 5; i++) dice.next();
  const moves = deal(quietMoves(pool, Dex, stall), master, number, 24);
  const abilities = deal(pool.fuzz.abilities, master, number, 12), items = deal(pool.fuzz.items, master, number, 12);
  const species = deal(pool.species.map(entry => entry.id), master, number, 12);
  return [0, 1].map(s => Array.from({length: 6}, (_, k) => {
    const i = 6 * s + k, kind = Dex.species.get(species[i]), own = [moves[2 * i], moves[2 * i + 1]];
    const more = quietMoves(pool, Dex, stall);
    const chosen = new Set(own);
    while (chosen.size < 4) chosen.add(chosen.size === 3 ? dice.pick(pool.fuzz.moves) : dice.pick(more));
    return {
      name: kind.baseSpecies, species: kind.name, moves: [...chosen],
      ability: dice.below(4) ? abilities[i] : dice.pick(Object.values(kind.abilities)),
      item: kind.requiredItems?.length ? dice.pick(kind.requiredItems) : dice.below(4) ? items[i] : dice.pick(pool.useful),
      nature: dice.pick(pool.natures), gender: kind.gender || dice.pick(['M', 'F']),
      evs: dice.below(2) ? competitiveEVs(dice) : all(dice.below(64) * 4), ivs: dice.below(4) ? all(31) : all(dice.below(32)),
      level: dice.below(3) ? 100 : 50 + dice.below(51), teraType: dice.pick(pool.types),
    };
  }));
}
function quietMoves(pool, Dex, stall) {
  return stall ? pool.fuzz.moves.filter(id => Dex.moves.get(id).category === 'Status') : pool.fuzz.moves;
}

// ---- themes -----------------------------------------------------------------------------------------------------

/** The theme's names by kind, and the species that may hold them. */
function themePool(Dex, theme) {
  const found = {abilities: [], items: [], moves: []};
  for (const name of theme) {
    const kind = ['abilities', 'items', 'moves'].find(kind => Dex[kind].get(name).exists);
    if (!kind) throw new Error(`theme: '${name}' is neither an ability nor an item nor a move`);
    found[kind].push(Dex[kind].get(name).id);
  }
  const known = table => table.all().filter(entry => !entry.isNonstandard && entry.id !== 'noability');
  found.species = known(Dex.species).filter(s => !s.battleOnly && !s.requiredItem && !s.requiredItems);
  found.holders = Object.fromEntries(found.abilities.map(id =>
    [id, found.species.filter(s => Object.values(s.abilities).some(name => Dex.toID(name) === id))]));
  // what does nothing would only dilute the theme
  found.useful = known(Dex.items).filter(i => Object.values(i).some(x => typeof x === 'function') || i.isChoice).map(i => i.id);
  found.types = Dex.types.all().map(type => type.name);
  return found;
}
const speedOf = (base, iv, ev, level) => Math.floor((2 * base + iv + Math.floor(ev / 4)) * level / 100) + 5;
const EVEN_SPEED = 100;
/** Level, IV and EV that make a species as fast as all others: Speed is EVEN_SPEED under a neutral nature. */
function evenSpeed(base) {
  for (let level = 100; level > 30; level--) {
    for (let ev = 0; ev <= 252; ev += 4) {
      for (const iv of [31, 0]) if (speedOf(base, iv, ev, level) === EVEN_SPEED) return {level, iv, ev};
    }
  }
  return {level: 100, iv: 31, ev: 0};
}
function themeTeams(pool, Dex, master, seed, number, fuzz) {
  const dice = new Dice(seed * 40503 + 23), mirrored = number % 2 === 0, even = number % 4 < 2;
  for (let i = 0; i < 5; i++) dice.next();
  const dealt = list => list.length ? deal(list, master, number, 12) : [];
  const abilities = dealt(pool.abilities), items = dealt(pool.items);
  const team = first => Array.from({length: 6}, (_, k) => {
    const i = first + k, ability = abilities[i];
    const kinds = !fuzz && ability && pool.holders[ability].length ? pool.holders[ability] : pool.species;
    // every holder of an ability in turn
    const species = ability ? kinds[(master * 7 + number * 12 + i + dice.below(3)) % kinds.length] : dice.pick(kinds);
    const learned = [...Dex.species.getMovePool(species.id)].filter(id => !Dex.moves.get(id).isNonstandard);
    const moves = new Set();
    while (moves.size < Math.min(2, pool.moves.length)) moves.add(dice.pick(pool.moves));
    const more = learned.length < 4 ? Dex.moves.all().filter(m => !m.isNonstandard).map(m => m.id) : learned;
    while (moves.size < 4) moves.add(dice.pick(more));
    const tuned = even ? evenSpeed(species.baseStats.spe) : {level: 100, iv: 31, ev: 84};
    return {
      name: species.baseSpecies, species: species.name, moves: dice.shuffled([...moves]),
      ability: ability || dice.pick(Object.values(species.abilities)),
      item: items[i] || dice.pick(pool.useful), nature: 'Serious', gender: species.gender || dice.pick(['M', 'F']),
      evs: {...all(84), spe: tuned.ev}, ivs: {...all(31), spe: tuned.iv}, level: tuned.level, teraType: dice.pick(pool.types),
    };
  });
  const one = team(0);
  return mirrored ? [one, one] : [one, team(6)];
}

// ---- which teams ------------------------------------------------------------------------------------------------

function teamSource(PACKAGE, format, {seed: master, fuzz, stall, file, theme}) {
  const {Dex, Teams, PRNG, TeamValidator} = require(PACKAGE);
  if (file) {
    const lines = fs.readFileSync(file, 'utf8').split('\n').filter(line => line.trim());
    return (seed, number) => [0, 1].map(k => Teams.unpack(lines[(2 * number + k) % lines.length]));
  }
  if (theme) {
    const pool = themePool(Dex, theme);
    return (seed, number) => themeTeams(pool, Dex, master, seed, number, fuzz);
  }
  if (!Dex.formats.get(format).team) {
    const validator = TeamValidator.get(format), pool = tierPool(Dex, validator);
    return fuzz ? (seed, number) => tierFuzzTeams(pool, Dex, master, seed, number, stall) :
      seed => tierTeams(pool, Dex, validator, seed, stall);
  }
  if (fuzz) {
    const pool = fuzzPool(PACKAGE, Dex);
    return seed => fuzzTeams(pool, Dex, seed);
  }
  return seed => {
    const generator = Teams.getGenerator(format, seedOf(PRNG, seed, 0x5eed));
    return Object.assign([generator.getTeam(), generator.getTeam()], {generator});
  };
}
module.exports = {Dice, seedOf, teamSource};
