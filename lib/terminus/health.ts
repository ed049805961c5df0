/** From good to bad. */
const HEALTHS = ['up', 'degraded', 'down'] as const;

export type Health = (typeof HEALTHS)[number];

/** What is known about one part of a site. */
export interface Finding {
  readonly health: Health;
  /** What the answer says about it. */
  readonly report: Readonly<Record<string, unknown>>;
}

/** A chain is as healthy as its weakest part. */
export function worstOf(findings: readonly Finding[]): Health {
  const worst = Math.max(...findings.map(({ health }) => HEALTHS.indexOf(health)));
  return HEALTHS[worst] ?? 'up';
}

/** A code and no message: the answer of a health check may be public, and the log has the rest. */
export function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.name;
}
