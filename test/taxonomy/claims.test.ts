import { describe, expect, it } from 'vitest';
import { claims } from '../../src/taxonomy/claims/index.js';
import { relations } from '../../src/taxonomy/relations/index.js';
import { searchNearest } from '../../src/taxonomy/search-nearest.js';
import { randomHistory } from '../../src/taxonomy/trajectory.js';

/** Steps that differ by this much, relative to their length, are not a matter of the search or of rounding. */
const CLEAR = 0.02;

describe('counterexamples', () => {
  it.each(claims.map((claim) => [`${claim.included} ⊆ ${claim.including}`, claim] as const))(
    '%s: no setting comes near',
    (_, claim) => {
      const { distance } = searchNearest(claim);
      expect(distance).toBeGreaterThan(CLEAR);
      expect(distance).toBeLessThan(1);
    },
  );
});

describe('the search', () => {
  it.each(
    relations.map(
      (relation) => [`${relation.included} ⊆ ${relation.including}`, relation] as const,
    ),
  )('finds that %s holds', (_, { included, including, given, schedules }) => {
    const { distance } = searchNearest({
      included,
      including,
      said: '',
      reason: '',
      // Without decay, as the search takes steps not to depend on where the ones before led.
      given: Object.fromEntries(given.map((name) => [name, name === 'lambda' ? 0 : 0.7])),
      history: randomHistory(1, 2, 6),
      freedom: schedules === 'any' ? 'schedule' : 'multiple',
    });
    expect(distance).toBeLessThan(CLEAR / 4);
  });
});
