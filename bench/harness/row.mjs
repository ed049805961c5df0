import { spread } from './statistics.mjs';

/** How ours stands to the limit, for each pair that was measured in turn. */
const RELATIONS = {
  /** For rates: more is better. */
  ratio: (ours, limit) => ours / limit,
  /** For costs: how many times the limit. */
  factor: (ours, limit) => ours / limit,
  /** For costs: how many times cheaper than the limit. */
  gain: (ours, limit) => limit / ours,
  difference: (ours, limit) => ours - limit,
};

/**
 * One line of the table.
 * @param {object} measured
 * @param {string} measured.name
 * @param {string} measured.unit of ours and of the limit
 * @param {number[]} measured.ours
 * @param {number[]} measured.limit as many
 * @param {keyof typeof RELATIONS} [measured.relation]
 * @param {{ atLeast: number } | { atMost: number }} measured.target for the median of the relation
 */
export function rowOf({ name, unit, ours, limit, relation = 'ratio', target }) {
  const related = spread(ours.map((value, index) => RELATIONS[relation](value, limit[index])));
  const { atLeast = Number.NEGATIVE_INFINITY, atMost = Number.POSITIVE_INFINITY } = target;
  return {
    name,
    unit,
    relation,
    ours: spread(ours),
    limit: spread(limit),
    related,
    target,
    reached: related.median >= atLeast && related.median <= atMost,
  };
}
