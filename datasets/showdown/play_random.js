'use strict';
/* Plays random battles of uniformly random legal choices in the real simulator, to time it.

   node play_random.js PACKAGE_FOLDER SECONDS SEED

   Prints {"battles", "turns", "steps", "seconds", "processor_seconds"} as one line of JSON: turns are
   increments of battle.turn, steps are decisions, seconds leave out making teams and battles. */
const path = require('path');
const [PACKAGE, SECONDS, SEED] = [path.resolve(process.argv[2]), +process.argv[3], +process.argv[4]];
const {Battle, Teams, PRNG} = require(PACKAGE);
const {legal} = require('./legal.js');
const FORMAT = 'gen9randombattle', TURN_LIMIT = 1000;

const dice = new PRNG([SEED & 0xffff, (SEED >>> 16) & 0xffff, 0xd1ce, 1]);

let battles = 0, turns = 0, steps = 0, seconds = 0, processor = 0;
function play(number, counted) {
  const seed = [number & 0xffff, (number >>> 16) & 0xffff, SEED & 0xffff, 7];
  const generator = Teams.getGenerator(FORMAT, seed);
  const [p1, p2] = [1, 2].map(i => ({name: `P${i}`, team: generator.getTeam()}));
  const battle = new Battle({formatid: FORMAT, seed, p1, p2});
  const first = battle.turn, start = process.hrtime.bigint(), used = process.cpuUsage();
  let made = 0;
  while (!battle.ended && battle.turn < TURN_LIMIT) {
    for (const side of battle.sides) {
      const choices = legal(side);
      if (choices && !side.choose(choices[dice.random(choices.length)])) throw new Error(side.choice.error);
    }
    battle.commitChoices();
    made++;
  }
  if (!counted) return;
  seconds += Number(process.hrtime.bigint() - start) / 1e9;
  const spent = process.cpuUsage(used);
  processor += (spent.user + spent.system) / 1e6;
  battles++;
  turns += battle.turn - first;
  steps += made;
}
for (let k = 0; k < 3; k++) play(k, false);   // let the compiler warm up
for (let k = 3; seconds < SECONDS; k++) play(k, true);
console.log(JSON.stringify({battles, turns, steps, seconds, processor_seconds: processor}));
