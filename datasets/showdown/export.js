'use strict';
/* Writes the tables that Plywise needs from an installed pokemon-showdown package.

   node export.js PACKAGE_FOLDER OUT_FOLDER [TEAMS]

   data.json                    the declarative part of moves, abilities, items, conditions, species, type chart,
                                natures and tiers, under Showdown's own field names; functions become
                                the sorted list of their names under "cb"
   gen9randombattle.json        every set that the random-battle generator makes, with how often it made it,
                                and a pool of whole teams (rows of the set table with a gender)
   formats.json                 the formats of generation 9 and what of their rule tables acts in a battle or in making
                                a team, and the functions of each rule

   Showdown's data are MIT-licensed (see NOTICE); regenerate with `plywise-export`, never by hand. */
const fs = require('fs'), path = require('path'), crypto = require('crypto');
const [PACKAGE, OUT, TEAMS] = [path.resolve(process.argv[2]), process.argv[3], +(process.argv[4] || 60000)];
const POOL = 5000; // whole teams kept
const {Dex, Teams, PRNG} = require(PACKAGE);
const data = name => require(path.join(PACKAGE, 'dist/data', name));
const version = require(path.join(PACKAGE, 'package.json')).version;

const DROP = new Set(['zMove', 'maxMove', 'contestType', 'desc', 'shortDesc', 'spritenum', 'isMax', 'isZ', 'color',
  'eggGroups', 'heightm', 'rating']);
function plain(object, prefix = '', callbacks = []) {
  if (Array.isArray(object)) return object.map(x => x && typeof x === 'object' ? plain(x, prefix + '[].', callbacks) : x);
  const out = {};
  for (const key in object) {
    if (DROP.has(key)) continue;
    const value = object[key];
    if (typeof value === 'function') callbacks.push(prefix + key);
    else if (value && typeof value === 'object') out[key] = plain(value, prefix + key + '.', callbacks);
    else out[key] = value;
  }
  return out;
}
function table(source, keep) {
  const out = {};
  for (const key in source) {
    if (!keep(key, source[key])) continue;
    const callbacks = [], entry = plain(source[key], '', callbacks);
    if (callbacks.length) entry.cb = callbacks.sort();
    out[key] = entry;
  }
  return out;
}
const standard = (key, entry) => !entry.isNonstandard;
const species = key => {
  const s = Dex.species.get(key);
  return !s.isNonstandard || (s.battleOnly && !Dex.species.get(s.baseSpecies).isNonstandard);
};
fs.writeFileSync(path.join(OUT, 'data.json'), JSON.stringify({
  version,
  // Psychic Noise needs healblock; Metronome calls unobtainable moves too.
  moves: table(data('moves.js').Moves, (k, e) => standard(k, e) || k === 'healblock' ||
    (e.isNonstandard === 'Unobtainable' && e.flags.metronome)),
  abilities: table(data('abilities.js').Abilities, standard),
  items: table(data('items.js').Items, standard),
  conditions: table(data('conditions.js').Conditions, () => true),
  species: table(data('pokedex.js').Pokedex, species),
  // Formes that differ in looks only, by the species that they play as.
  cosmetic: Object.fromEntries(Object.entries(data('pokedex.js').Pokedex).filter(([k]) => species(k))
    .flatMap(([k, e]) => (e.cosmeticFormes || []).map(name => [Dex.toID(name), k]))),
  typechart: data('typechart.js').TypeChart,
  natures: data('natures.js').Natures,
  tiers: Object.fromEntries(Object.entries(data('formats-data.js').FormatsData)
    .filter(([, e]) => !e.isNonstandard).map(([k, e]) => [k, e.tier])),
}));

const stats = s => ['hp', 'atk', 'def', 'spa', 'spd', 'spe'].map(k => s[k]);
const toID = Dex.toID;
const rows = new Map(), teams = [];
for (let i = 0; i < TEAMS; i++) {
  // The generator's low bits are weak: neighbouring seeds give related teams, hashed ones do not.
  const h = crypto.createHash('sha256').update('plywise sets ' + i).digest();
  const seed = PRNG.convertSeed([0, 2, 4, 6].map(k => h.readUInt16LE(k)));
  const team = Teams.getGenerator('gen9randombattle', seed).getTeam().map(p => {
    const row = [toID(p.species), p.level, toID(p.ability), toID(p.item), p.teraType, p.moves.map(toID).sort(),
      stats(p.evs), stats(p.ivs)];
    const key = JSON.stringify(row);
    if (!rows.has(key)) rows.set(key, {row, count: 0});
    rows.get(key).count++;
    return [key, p.gender || 'N'];
  });
  if (teams.length < POOL) teams.push(team);
}
const keys = [...rows.keys()].sort(), index = new Map(keys.map((k, i) => [k, i]));
fs.writeFileSync(path.join(OUT, 'gen9randombattle.json'), JSON.stringify({
  version, generated_teams: TEAMS,
  columns: ['species', 'level', 'ability', 'item', 'tera_type', 'moves', 'evs', 'ivs', 'count'],
  sets: keys.map(k => [...rows.get(k).row, rows.get(k).count]),
  teams: teams.map(t => t.map(([k, g]) => [index.get(k), g])),
}));

// ---- formats ----------------------------------------------------------------------------------------------------

const functions = entry => Object.keys(entry).filter(key => typeof entry[key] === 'function').sort();
const named = {};   // the rules of all formats
const formats = Object.fromEntries(Dex.formats.all().filter(f => f.id.startsWith('gen9')).map(f => {
  const rules = Dex.formats.getRuleTable(f);
  const names = [...rules.keys()].filter(id => !/^[-+*!]/.test(id) && Dex.formats.get(id).effectType !== 'Format').sort();
  for (const id of names) named[id] = {type: Dex.formats.get(id).effectType, cb: functions(Dex.formats.get(id))};
  return [f.id, {
    name: f.name, section: f.section, mod: f.mod, gameType: f.gameType, team: f.team || '', cb: functions(f), rules: names,
    allowed: [...rules.keys()].filter(id => id.startsWith('+')).map(id => id.slice(1)).sort(),
    bannedAbilities: Dex.abilities.all().filter(a => rules.has('-ability:' + a.id)).map(a => a.id).sort(),
    minTeamSize: rules.minTeamSize, maxTeamSize: rules.maxTeamSize, pickedTeamSize: rules.pickedTeamSize || 0,
    defaultLevel: rules.defaultLevel, maxLevel: rules.maxLevel,
    adjustLevel: rules.adjustLevel || 0, adjustLevelDown: rules.adjustLevelDown || 0,
  }];
}));
fs.writeFileSync(path.join(OUT, 'formats.json'), JSON.stringify({version, formats, rules: named}));
