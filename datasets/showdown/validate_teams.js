'use strict';
/* Checks teams by Showdown's own TeamValidator.

     node validate_teams.js PACKAGE FORMAT

   Reads one packed team a line and writes one line of JSON for each: {"problems": [words …], "packed": team}.  The team
   is as the validator leaves it: it fills in levels, natures and names. */
const [PACKAGE, FORMAT] = process.argv.slice(2);
const {Dex, Teams, TeamValidator} = require(`${PACKAGE}/dist/sim`);
const readline = require('readline');

const format = Dex.formats.get(FORMAT);
if (!format.exists) throw new Error(`no format '${FORMAT}'`);
const validator = TeamValidator.get(format);

function check(packed) {
  const team = Teams.unpack(packed);
  if (!team) return {problems: ['This is no packed team.'], packed};
  const problems = validator.validateTeam(team) || [];
  return {problems, packed: Teams.pack(team)};
}

readline.createInterface({input: process.stdin, crlfDelay: Infinity})
  .on('line', line => process.stdout.write(`${JSON.stringify(check(line))}\n`));
