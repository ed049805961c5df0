/** What somebody put into an option can be of any length. */
const MAX_FAULT = 180;

/** A value that came, for the text of an error. */
export function show(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}

/** Call it after the redaction: half a secret is one too. */
export function cut(fault: string): string {
  return fault.length > MAX_FAULT ? `${fault.slice(0, MAX_FAULT)}…` : fault;
}
