const WORDS = {
  ratio: (text) => text,
  factor: (text) => `${text} ×`,
  gain: (text) => `${text} × cheaper`,
  difference: (text, unit) => `${text} ${unit}`,
};

/** Three digits that count, thousands set apart. */
export function number(value) {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en').replaceAll(',', ' ');
  return String(Number(value.toPrecision(3)));
}

/** The median of how ours stands to the limit. */
export function relationOf({ relation, related, unit }) {
  return WORDS[relation](number(related.median), unit);
}

export function spreadOf({ related }) {
  return `${number(related.min)} to ${number(related.max)}`;
}

export function targetOf({ relation, target, unit }) {
  const { atLeast, atMost } = target;
  const sign = atLeast === undefined ? '≤' : '≥';
  return `${sign} ${WORDS[relation](number(atLeast ?? atMost), unit)}`;
}
