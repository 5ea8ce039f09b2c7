'use strict';
/* Writes the priors of the formats: how often each species is on a team, and its weighted sets.

   node priors.js PACKAGE_FOLDER LOCALSETS_FOLDER OUT_FOLDER [--each] [FORMAT …]

   PACKAGE_FOLDER       an installed pokemon-showdown; the random-battle sets that export.js wrote are in the folder above OUT_FOLDER
   LOCALSETS_FOLDER     the folder `smogon_data` of the PyPI package localsets (0.1.78)
   --each               a format that cannot be made is named on stderr and costs no other one
   OUT_FOLDER           gets FORMAT.json.gz (datasets/showdown/priors), and the folder above it learnsets.json.gz:
                        species -> its moves, as distances in the list `moves`

   A prior's file holds
   groups               name -> weight of the group and weights of its species.  A team is of one group: the tier that the
                        Battle Factory has drawn, the type of a Monotype team, a colour; one group "" where there is nothing to choose
   kinds                id of a move, ability or item -> what a team has once at most
   itemClause           whether no two Pokémon of a team hold the same item (a rule, or a habit of the generator)
   columns, templates   weighted sets whose alternatives are independent; names in a list are equally likely, one that
                        stands twice twice as likely; one list of moves a slot; `group` "" goes with every group

   Every set of a format whose teams the players bring has passed Showdown's TeamValidator, in all its alternatives.
   Equal packages give equal files; nothing is drawn but by fixed seeds. */
const fs = require('fs'), path = require('path'), zlib = require('zlib'), crypto = require('crypto');
const EACH = process.argv.includes('--each');
const [PACKAGE, LOCALSETS, OUT, ...ONLY] = process.argv.slice(2).filter(a => a !== '--each').map((a, i) => i < 3 ? path.resolve(a) : a);
const {Dex, Teams, PRNG, TeamValidator} = require(PACKAGE);
const toID = Dex.toID;
const version = require(path.join(PACKAGE, 'package.json')).version;
const read = file => JSON.parse(fs.readFileSync(file, 'utf8'));
const factoryFile = name => read(path.join(PACKAGE, 'dist/data/random-battles/gen9', `${name}-sets.json`));

const STATS = ['hp', 'atk', 'def', 'spa', 'spd', 'spe'];
const CHOICE_ITEMS = ['choicespecs', 'choiceband', 'choicescarf'];
// As the generator of the Battle Factory limits them.
const KINDS = {
  stealthrock: 'stealthrock', stoneaxe: 'stealthrock', spikes: 'spikes', ceaselessedge: 'spikes', toxicspikes: 'toxicspikes',
  toxicdebris: 'toxicspikes', rapidspin: 'hazardclear', defog: 'hazardclear',
  ...Object.fromEntries(CHOICE_ITEMS.map(item => [item, item])),
};
const KINDS_BSS = Object.fromEntries(['batonpass', 'stealthrock', 'toxicspikes', 'trickroom', 'auroraveil'].map(m => [m, m]));
const BELOW = ['Uber', 'OU', 'UU', 'RU', 'NU', 'PU'];   // localsets and the factory know these
const LOCAL = {Uber: 'ubers', OU: 'ou', UU: 'uu', RU: 'ru', NU: 'nu', PU: 'pu'};
const RANDOM_TEAMS = 15000, RANDOM_SETS = 6;   // of the baby generator; most frequent sets of a species that are kept

const list = (x, otherwise) => x === undefined || x === '' ? [otherwise] : Array.isArray(x) ? x : [x];
const spread = (x, value) => STATS.map(s => x && s in x ? x[s] : value);

/** One form for the sets of all sources. */
function template(species, raw, extra = {}) {
  return {
    species, weight: raw.weight ?? 1, level: raw.level || 100, gender: raw.gender || '', group: '',
    ability: list(raw.ability).map(toID), item: list(raw.item, '').map(toID), nature: list(raw.nature, 'Serious').map(toID),
    tera: list(raw.teraType ?? raw.teratypes, ''), evs: list(raw.evs, {}).map(e => spread(e, 0)), ivs: spread(raw.ivs, 31),
    moves: raw.moves.map(slot => list(slot).map(toID)), ...extra,
  };
}
const idOf = (name, plays) => {
  const s = Dex.species.get(name);
  return plays && typeof s.battleOnly === 'string' ? toID(s.battleOnly) : s.id;
};

// ---- sources: species -> templates, and the species' weights where the source has them ----------------------------------

function localsets(tier) {
  const found = new Map();
  for (const [name, sets] of Object.entries(read(path.join(LOCALSETS, `gen9${LOCAL[tier]}.json`))))
    found.set(idOf(name), Object.values(sets).map(s => template(idOf(name), s)));
  return {sets: found, weights: new Map()};
}
function factory(table, {extra = () => ({}), legal = () => true, named = false} = {}) {
  const sets = new Map(), weights = new Map();
  for (const [key, entry] of Object.entries(table)) {
    if (!legal(Dex.species.get(key))) continue;
    const total = entry.sets.reduce((sum, s) => sum + s.weight, 0);
    for (const s of entry.sets) {
      const id = idOf(named ? s.species : key, true);   // the BSS Factory alone takes the forme that the set names
      if (!sets.has(id)) sets.set(id, []);
      sets.get(id).push(template(id, s, extra(s, Dex.species.get(key))));
      weights.set(id, (weights.get(id) || 0) + entry.weight * s.weight / total);
    }
  }
  return {sets, weights};
}
const VALUES = {Uber: 5, OU: 4, UUBL: 4, UU: 3, RUBL: 3, RU: 2, NUBL: 2, NU: 1, PUBL: 1, PU: 0};
const battleFactory = (tier, generator) => factory(factoryFile('factory')[tier], {
  extra: (s, species) => generator ? {gender: s.gender || species.gender || (tier === 'OU' ? 'F' : '')} : {},
  legal: species => !(species.tier in VALUES) || VALUES[species.tier] <= VALUES[tier],
});

/** Sets as the random-battle generators make them, with EVs and natures as people play them. */
function fromRandomSets(rows) {
  const found = new Map();
  for (const [species, ability, item, tera, moves, count] of rows) {
    if (!found.has(species)) found.set(species, new Map());
    const key = moves.join(), sets = found.get(species);
    if (!sets.has(key)) sets.set(key, {count: 0, moves, ability: {}, item: {}, tera: {}});
    const s = sets.get(key);
    s.count += count;
    for (const [kind, name] of [['ability', ability], ['item', item], ['tera', tera]]) s[kind][name] = (s[kind][name] || 0) + count;
  }
  // Quarters: a name that stands twice is twice as likely.
  const shares = counts => {
    const total = Object.values(counts).reduce((a, b) => a + b);
    return Object.entries(counts).sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
      .flatMap(([name, n], i) => Array(Math.round(4 * n / total) || (i ? 0 : 1)).fill(name));
  };
  const sets = new Map();
  for (const [species, table] of [...found].sort((a, b) => a[0] < b[0] ? -1 : 1)) {
    const best = [...table.values()].sort((a, b) => b.count - a.count || (a.moves.join() < b.moves.join() ? -1 : 1)).slice(0, RANDOM_SETS);
    sets.set(species, best.flatMap(s => spreads(Dex.species.get(species), s.moves).map(raw => template(species, {
      ...raw, weight: s.count, ability: shares(s.ability), item: shares(s.item), teraType: shares(s.tera), moves: s.moves,
    }))));
  }
  return {sets, weights: new Map()};
}
function spreads(species, moves) {
  const attacks = moves.map(m => Dex.moves.get(m)).filter(m => m.category !== 'Status');
  const physical = attacks.filter(m => m.category === 'Physical' && m.id !== 'bodypress').length, special = attacks.length - physical;
  const slow = moves.includes('trickroom');
  if (attacks.length >= 3 || moves.some(m => Dex.moves.get(m).boosts && Dex.moves.get(m).target === 'self')) {
    const stat = physical >= special ? 'atk' : 'spa', mixed = physical && special;
    const natures = slow ? {atk: 'Brave', spa: 'Quiet'} : mixed ? {atk: 'Naive', spa: 'Naive'} : {atk: 'Jolly', spa: 'Timid'};
    const strong = slow ? natures : mixed ? {atk: 'Lonely', spa: 'Mild'} : {atk: 'Adamant', spa: 'Modest'};
    const evs = slow ? {hp: 252, [stat]: 252, spd: 4} : {[stat]: 252, def: 4, spe: 252};
    return [{nature: [...new Set([natures[stat], strong[stat]])], evs, ivs: {...(slow && {spe: 0}), ...(!physical && {atk: 0})}}];
  }
  const ivs = physical ? {} : {atk: 0}, natures = physical ? ['Impish', 'Careful'] : ['Bold', 'Calm'];
  return [{nature: natures[0], evs: {hp: 252, def: 252, spd: 4}, ivs}, {nature: natures[1], evs: {hp: 252, def: 4, spd: 252}, ivs}];
}
const randomBattle = () => fromRandomSets(JSON.parse(zlib.gunzipSync(fs.readFileSync(path.join(OUT, '..', 'gen9randombattle.json.gz'))))
  .sets.map(([species, , ability, item, tera, moves, , , count]) => [species, ability, item, tera, moves, count]));
function babies() {
  const rows = new Map();
  for (let i = 0; i < RANDOM_TEAMS; i++) {
    const h = crypto.createHash('sha256').update('plywise babies ' + i).digest();
    const seed = PRNG.convertSeed([0, 2, 4, 6].map(k => h.readUInt16LE(k)));
    for (const p of Teams.getGenerator('gen9babyrandombattle', seed).getTeam()) {
      const row = [toID(p.species), toID(p.ability), toID(p.item), p.teraType, p.moves.map(toID).sort()], key = JSON.stringify(row);
      if (!rows.has(key)) rows.set(key, [...row, 0]);
      rows.get(key)[5]++;
    }
  }
  return fromRandomSets([...rows.keys()].sort().map(key => rows.get(key)));
}
const once = new Map();
const cached = (name, make) => { if (!once.has(name)) once.set(name, make()); return once.get(name); };
const source = {
  local: tier => cached('local' + tier, () => localsets(tier)),
  factory: tier => cached('factory' + tier, () => battleFactory(tier, false)),
  random: () => cached('random', randomBattle),
  babies: () => cached('babies', babies),
  bss: () => cached('bss', () => factory(factoryFile('bss-factory'), {extra: () => ({level: 50}), named: true})),
  duel: () => cached('duel', () => factory(factoryFile('1v1-factory'))),
};
/** The sets of a tier: analyses and factory half and half where both know a species. */
function tierSets(tier) {
  const [local, made] = [source.local(tier), source.factory(tier)], sets = new Map();
  for (const id of [...new Set([...local.sets.keys(), ...made.sets.keys()])].sort()) {
    const parts = [local, made].filter(s => s.sets.has(id)).map(s => s.sets.get(id));
    sets.set(id, parts.flatMap(part => {
      const total = part.reduce((sum, t) => sum + t.weight, 0);
      return part.map(t => ({...t, weight: t.weight / total / parts.length}));
    }));
  }
  return {sets, weights: made.weights};
}

// ---- what the validator refuses is left out -------------------------------------------------------------------------------

function product(lists) { return lists.reduce((rows, l) => rows.flatMap(row => l.map(x => [...row, x])), [[]]); }
function checker(format) {
  const validator = new TeamValidator(format), known = new Map();
  return set => {
    const key = JSON.stringify(set);
    if (!known.has(key)) known.set(key, !validator.validateSet({...set, name: set.species, evs: {...set.evs}, ivs: {...set.ivs}}, {}));
    return known.get(key);
  };
}
const named = values => Object.fromEntries(STATS.map((s, i) => [s, values[i]]));
/** The template without what makes it illegal: [] if nothing is left. */
function legalParts(t, legal) {
  const asSet = (moves, ability, item, nature, evs) => ({
    species: Dex.species.get(t.species).name, level: t.level, gender: t.gender, ability, item, nature, moves, evs: named(evs),
    ivs: named(t.ivs), teraType: t.tera[0] || Dex.species.get(t.species).types[0],
  });
  const rows = product([...t.moves, t.ability, t.item, t.nature, t.evs]).filter(row => {
    const moves = row.slice(0, t.moves.length);
    return new Set(moves).size === moves.length && legal(asSet(moves, ...row.slice(t.moves.length)));
  });
  if (!rows.length) return [];
  const columns = [...t.moves, t.ability, t.item, t.nature, t.evs];
  const left = columns.map((column, i) => column.filter(x => rows.some(row => row[i] === x)));
  const all = left.reduce((n, column) => n * column.length, 1);
  const n = t.moves.length, built = c => ({moves: c.slice(0, n), ability: c[n], item: c[n + 1], nature: c[n + 2], evs: c[n + 3]});
  if (all === rows.length) return [{...t, ...built(left)}];
  return rows.map(row => ({...t, ...built(row.map(x => [x])), weight: t.weight / rows.length}));
}

// ---- recipes --------------------------------------------------------------------------------------------------------------

const LOWER = [0.3, 0.15, 0.1, 0.06, 0.04];   // of a species that only lower tiers' sources have, by their distance
const rank = species => VALUES[species.tier] ?? (species.tier === 'AG' ? 5 : -1);
/** Sources of a tier and of those below; those above it last, for what has dropped. */
function ofTier(tier) {
  const at = BELOW.indexOf(tier), order = [...BELOW.slice(at), ...BELOW.slice(0, at).reverse()];
  const tiers = order.map((t, i) => {
    const {sets, weights} = tierSets(t);
    return {sets, weight: id => {
      if (i) return LOWER[Math.min(i, LOWER.length) - 1];
      // Where the factory gives no weight: several analysed sets mean a species that is played.
      return weights.get(id) ?? sets.get(id).length * (rank(Dex.species.get(id)) >= VALUES[tier] ? 1.5 : 0.75);
    }};
  });
  return [...tiers, {sets: source.random().sets, weight: () => LOWER[Math.min(BELOW.length - at, LOWER.length) - 1] / 2}];
}
function ofZu() {
  const [pu, random] = [tierSets('PU'), source.random()];
  const weight = id => ({ZU: 3, ZUBL: 3, NFE: 0.3, LC: 0.1}[Dex.species.get(id).tier] ?? 1);
  return [{sets: pu.sets, weight}, {sets: random.sets, weight}];
}
const MONOTYPE = {Uber: 1, OU: 4, UU: 2, RU: 1.5, NU: 1, PU: 0.7};
const ofMonotype = () => ['OU', 'UU', 'RU', 'NU', 'PU', 'Uber'].map(t => ({sets: tierSets(t).sets, weight: () => MONOTYPE[t]}));
const one = (found, change = t => t) => [{
  sets: new Map([...found.sets].map(([id, sets]) => [id, sets.map(change)])), weight: id => found.weights.get(id) ?? 1,
}];
const CREDIT = {
  package: `sets of the pokemon-showdown package ${version}`,
  local: 'Smogon analyses in the PyPI package localsets 0.1.78',
};
const both = `${CREDIT.local}; Battle Factory ${CREDIT.package}; for other species its random-battle sets, spreads by rule`;
const RECIPES = {
  gen9ou: [() => ofTier('OU'), both], gen9ubers: [() => ofTier('Uber'), both], gen9uu: [() => ofTier('UU'), both],
  gen9ru: [() => ofTier('RU'), both], gen9nu: [() => ofTier('NU'), both], gen9pu: [() => ofTier('PU'), both],
  gen9ubersuu: [() => ofTier('Uber'), both], gen9anythinggoes: [() => ofTier('Uber'), both],
  gen9monocolor: [() => ofTier('OU'), both],
  gen9zu: [ofZu, both],
  gen9lc: [() => one(source.babies(), t => ({...t, level: 5})), `Baby Random Battle ${CREDIT.package} with spreads by rule`],
  gen9lcuu: [() => one(source.babies(), t => ({...t, level: 5})), `Baby Random Battle ${CREDIT.package} with spreads by rule`],
  gen9monotype: [ofMonotype, both],
  gen91v1: [() => one(source.duel()), `1v1 Factory ${CREDIT.package}`],
  gen9bssregi: [() => one(source.bss()), `BSS Factory ${CREDIT.package}`],
};

// What all of a team have in common by a rule.
const GROUPS = {
  gen9monotype: [Dex.types.names(), (species, type) => species.types.includes(type)],
  gen9monocolor: [[...new Set(Dex.species.all().map(s => s.color))].sort(), (species, color) => species.color === color],
};
function fromRecipe(format) {
  const [make, credit] = RECIPES[format], legal = checker(format), weights = {}, templates = [];
  for (const {sets, weight} of make()) {
    for (const [id, of] of [...sets].sort((a, b) => a[0] < b[0] ? -1 : 1)) {
      if (id in weights) continue;   // a source before has it
      const found = of.flatMap(t => legalParts(t, legal));
      if (!found.length) continue;
      templates.push(...found);
      weights[id] = weight(id);
    }
  }
  const groups = {};
  const [names, belongs] = GROUPS[format] || [[''], () => true];
  for (const name of names) {
    const species = Object.fromEntries(Object.entries(weights).filter(([id]) => belongs(Dex.species.get(id), name)));
    if (Object.keys(species).length >= 6) groups[name] = {weight: 1, species};
  }
  const kinds = format === 'gen9bssregi' ? KINDS_BSS : format === 'gen91v1' ? {} : KINDS;
  return {source: credit, groups, kinds, itemClause: Dex.formats.getRuleTable(Dex.formats.get(format)).has('itemclause'), templates};
}
const GENERATED = {
  gen9battlefactory: () => {
    const groups = {}, templates = [];
    for (const tier of BELOW) {
      const {sets, weights} = battleFactory(tier, true);
      groups[tier] = {weight: 1, species: Object.fromEntries([...weights].sort())};
      for (const of of sets.values()) templates.push(...of.map(t => ({...t, group: tier})));
    }
    return {source: `Battle Factory ${CREDIT.package}`, groups, kinds: KINDS, itemClause: false, templates};
  },
  gen9bssfactory: () => whole(source.bss(), `BSS Factory ${CREDIT.package}`, KINDS_BSS),
  gen91v1factory: () => whole(source.duel(), `1v1 Factory ${CREDIT.package}`, {}),
};
const whole = ({sets, weights}, credit, kinds) =>
  ({source: credit, groups: {'': {weight: 1, species: Object.fromEntries([...weights].sort())}}, kinds, itemClause: true,
    templates: [...sets.values()].flat()});

const write = (file, content) => fs.writeFileSync(file, zlib.gzipSync(JSON.stringify(content), {level: 9}));
function learnsets() {
  const moves = Dex.moves.all().filter(m => !m.isNonstandard).map(m => m.id).sort(), number = new Map(moves.map((m, i) => [m, i]));
  const species = {};
  for (const s of Dex.species.all()) {
    if (s.isNonstandard) continue;
    const pool = [...Dex.species.getMovePool(s.id)].filter(m => number.has(m)).map(m => number.get(m)).sort((a, b) => a - b);
    species[s.id] = pool.map((x, i) => i ? x - pool[i - 1] : x);
  }
  return {version, moves, species};
}
if (!ONLY.length) write(path.join(OUT, '..', 'learnsets.json.gz'), learnsets());

const COLUMNS = ['group', 'species', 'weight', 'level', 'gender', 'ability', 'item', 'nature', 'tera', 'evs', 'ivs', 'moves'];
const rounded = x => +x.toPrecision(4);
for (const format of [...Object.keys(RECIPES), ...Object.keys(GENERATED)]) {
  if (ONLY.length && !ONLY.includes(format)) continue;
  let made;
  try {
    made = format in RECIPES ? fromRecipe(format) : GENERATED[format]();
  } catch (error) {
    if (!EACH) throw error;
    console.error(`${format}: not made: ${error.message.split('\n')[0]}`);
    continue;
  }
  const {source: credit, groups, kinds, itemClause, templates} = made;
  for (const group of Object.values(groups)) for (const id in group.species) group.species[id] = rounded(group.species[id]);
  const rows = templates.map(t => COLUMNS.map(c => c === 'weight' ? rounded(t[c]) : t[c]));
  rows.sort((a, b) => { const [x, y] = [a, b].map(r => JSON.stringify(r)); return x < y ? -1 : x > y ? 1 : 0; });
  write(path.join(OUT, `${format}.json.gz`), {version, format, source: credit, groups, kinds, itemClause, columns: COLUMNS, templates: rows});
  const count = new Set(templates.map(t => t.species)).size;
  console.log(`${format}: ${count} species, ${rows.length} templates`);
}
