'use strict';
/* Writes digests of the code in an installed pokemon-showdown package, so that two releases can be compared.

   node fingerprints.js PACKAGE_FOLDER OUT_FILE

   functions    table -> id -> name of a function of that record, as export.js lists them under "cb" -> digest of its text
   rules        id of a rule or format -> name of a function -> digest
   methods      CLASS.METHOD of the simulator -> digest
   sets         source of sets (random battles, a factory's tier) -> species -> level or weight, then digests of its sets

   The compiled text counts, without white space: a comment changes nothing, another compiler might. */
const fs = require('fs'), path = require('path'), crypto = require('crypto');
const [PACKAGE, OUT] = process.argv.slice(2).map(a => path.resolve(a));
const {Dex} = require(PACKAGE);
const data = name => require(path.join(PACKAGE, 'dist/data', name));
const digest = text => crypto.createHash('sha256').update(text.replace(/\s+/g, '')).digest('hex').slice(0, 8);

function functions(object, prefix = '', found = {}) {
  for (const key in object) {
    const value = object[key];
    if (typeof value === 'function') found[prefix + key] = digest(value.toString());
    else if (value && typeof value === 'object') functions(value, prefix + (Array.isArray(object) ? '[]' : key) + '.', found);
  }
  return found;
}
const table = source => Object.fromEntries(Object.entries(source).map(([key, entry]) => [key, functions(entry)])
  .filter(([, found]) => Object.keys(found).length));

const methods = {};
function add(name, prototype) {
  for (const key of Object.getOwnPropertyNames(prototype)) {
    const found = Object.getOwnPropertyDescriptor(prototype, key);
    for (const part of ['value', 'get', 'set']) if (typeof found[part] === 'function') methods[`${name}.${key}`] = digest(found[part].toString());
  }
}
const CLASSES = {
  'battle.js': ['Battle'], 'battle-actions.js': ['BattleActions'], 'battle-queue.js': ['BattleQueue'], 'field.js': ['Field'],
  'pokemon.js': ['Pokemon'], 'prng.js': ['PRNG', 'SodiumRNG', 'Gen5RNG'], 'side.js': ['Side'],
};
for (const [file, names] of Object.entries(CLASSES)) {
  const module = require(path.join(PACKAGE, 'dist/sim', file));
  for (const name of names) if (module[name]) add(name, module[name].prototype);
}

const sets = {};
function addSets(source, table) {
  sets[source] = Object.fromEntries(Object.entries(table).map(([id, entry]) =>
    [Dex.toID(id), [String(entry.level ?? entry.weight ?? ''), ...entry.sets.map(s => digest(JSON.stringify(s)))]]));
}
const setsFile = name => path.join(PACKAGE, 'dist/data/random-battles/gen9', name);
const read = name => JSON.parse(fs.readFileSync(setsFile(name), 'utf8'));
addSets('random battles', read('sets.json'));
if (fs.existsSync(setsFile('factory-sets.json')))
  for (const [tier, table] of Object.entries(read('factory-sets.json'))) addSets(`Battle Factory ${tier}`, table);
for (const [source, name] of [['BSS Factory', 'bss-factory-sets.json'], ['1v1 Factory', '1v1-factory-sets.json']])
  if (fs.existsSync(setsFile(name))) addSets(source, read(name));

const tables = {moves: ['moves.js', 'Moves'], abilities: ['abilities.js', 'Abilities'], items: ['items.js', 'Items'],
  conditions: ['conditions.js', 'Conditions']};
fs.writeFileSync(OUT, JSON.stringify({
  version: require(path.join(PACKAGE, 'package.json')).version,
  functions: Object.fromEntries(Object.entries(tables).map(([name, [file, key]]) => [name, table(data(file)[key])])),
  rules: {...table(data('rulesets.js').Rulesets), ...table(Object.fromEntries(
    Dex.formats.all().filter(f => f.id.startsWith('gen9')).map(f => [f.id, f])))},
  methods,
  sets,
}));
