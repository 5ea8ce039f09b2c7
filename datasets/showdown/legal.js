'use strict';
/** All legal choices of a side, from the true state (hidden trapping and disabling included); null where it has
    nothing to decide. */
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
  asked.moves.forEach((move, i) => {
    const slot = active.moveSlots.find(s => s.id === move.id);
    if (move.disabled || (asked.moves.length > 1 && slot?.disabled)) return;
    out.push(`move ${i + 1}`);
    if (asked.canTerastallize) out.push(`move ${i + 1} terastallize`);
  });
  if (!active.trapped && !asked.trapped) out.push(...bench.filter(([p]) => !p.fainted).map(([, choice]) => choice));
  return out;
}

module.exports = {legal};
