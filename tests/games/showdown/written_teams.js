'use strict';
/* Varied teams as Showdown writes and reads them: node written_teams.js PACKAGE TEAMS_JS COUNT

   A line of JSON for each team: the set objects, its export and packed text, and what Teams.import reads in the export.
   With a JSON list of texts in place of COUNT: what Teams.import reads in each. */
const [PACKAGE, TEAMS, COUNT] = process.argv.slice(2);
const {Dex, Teams} = require(`${PACKAGE}/dist/sim`), {Dice, teamSource} = require(TEAMS);

const formats = ['gen9ou', 'gen9lc', 'gen9ubers', 'gen9monotype', 'gen91v1', 'gen9zu'];
const nicknames = ['', '', 'Rex', 'A (b) c', 'x @ y', "O'Neil", 'Ünï cødé', '龍', '(M)', '-dash', 'Mr. 5%', '- Surf'];
const balls = Dex.items.all().filter(item => item.isPokeball && !item.isNonstandard).map(item => item.name);
const cosmetic = ['Gastrodon-East', 'Vivillon-Pokeball', 'Alcremie-Ruby-Cream', 'Minior-Violet', 'Sawsbuck-Winter',
  'Toxtricity-Low-Key', 'Urshifu-Rapid-Strike', 'Indeedee-F', 'Ogerpon-Hearthflame', 'Tauros-Paldea-Blaze',
  'Maushold-Four', "Oricorio-Pa'u", "Farfetch\u2019d", 'Mr. Rime', 'Type: Null', 'Jangmo-o', 'Ho-Oh', 'Porygon-Z'];
const sources = Object.fromEntries(formats.map(f => [f, teamSource(`${PACKAGE}/dist/sim`, f, {seed: 1})]));

function varied(set, dice) {
  const made = {name: set.species, species: set.species, item: set.item && Dex.items.get(set.item).name,
    ability: set.ability, moves: set.moves.map(id => Dex.moves.get(id).name), nature: set.nature, evs: {...set.evs}};
  if (dice.below(5) === 0) {
    const species = Dex.species.get(dice.pick(cosmetic));
    if (species.exists && !species.isNonstandard) Object.assign(made, {name: species.name, species: species.name,
      ability: species.abilities[0]});
  }
  made.name = dice.pick(nicknames) || made.species;
  if (dice.below(6) === 0) made.item = '';
  if (dice.below(4) === 0) made.shiny = true;
  if (dice.below(3) === 0) made.level = 1 + dice.below(100);
  if (dice.below(4) === 0) made.happiness = dice.below(256);
  if (dice.below(4) === 0) made.pokeball = dice.pick(balls);
  if (dice.below(3)) made.teraType = set.teraType;
  if (dice.below(3)) made.gender = dice.pick(['M', 'F']);
  if (dice.below(3) === 0) made.ivs = {hp: 31, atk: dice.below(32), def: 31, spa: dice.below(32), spd: 31, spe: dice.below(32)};
  if (dice.below(6) === 0) made.evs = {hp: 0, atk: 0, def: 0, spa: 0, spd: 0, spe: 0};
  made.moves = made.moves.slice(0, 1 + dice.below(4));
  return made;
}
if (COUNT.startsWith('[')) for (const text of JSON.parse(COUNT)) console.log(JSON.stringify({read: Teams.import(text)}));
for (let n = 0; n < +COUNT; n++) {
  const dice = new Dice(n * 7 + 3), format = formats[Math.floor(n / 6) % formats.length];
  const team = sources[format](n + 1, n)[0].slice(0, 1 + n % 6).map(set => varied(set, dice));
  const text = Teams.export(team), read = Teams.import(text);
  console.log(JSON.stringify({team, text, packed: Teams.pack(team), read}));
}
