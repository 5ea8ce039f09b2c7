'use strict';
/** All choices that the simulator takes from a side, by what they do; null where it has nothing to decide. The true
    state decides, not the request, which keeps back what is hidden (a foe's Imprison, Shadow Tag). */
function legal(side) {
  const request = side.activeRequest;
  if (!request || request.wait) return null;
  const bench = side.pokemon.map((p, i) => [p, `switch ${i + 1}`]).slice(1);
  if (request.forceSwitch) {
    const reviving = !!side.slotConditions[0]['revivalblessing'];
    const found = bench.filter(([p]) => p.fainted === reviving).map(([, choice]) => choice);
    return found.length ? found : ['pass'];
  }
  const out = [], active = side.active[0], asked = request.active[0];
  if ('pp' in asked.moves[0]) {   // neither locked into a move nor known to be left with Struggle
    for (const [i, slot] of active.moveSlots.entries()) {
      if (slot.disabled || slot.pp <= 0) continue;
      out.push(`move ${i + 1}`);
      if (active.canTerastallize) out.push(`move ${i + 1} terastallize`);
    }
  }
  if (!out.length) out.push('move 1');   // where no move can be used, each becomes Struggle
  if (!active.trapped) out.push(...bench.filter(([p]) => !p.fainted).map(([, choice]) => choice));
  return out;
}

module.exports = {legal};
