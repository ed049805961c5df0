const DEFAULT_PORT = 3000;

/** @throws Error for anything that is no port. 0 takes any free one. */
export function portFrom(value: string | undefined): number {
  if (!value) return DEFAULT_PORT;
  const port = Number(value);
  if (/^\d+$/.test(value) && port <= 65_535) return port;
  throw new UsageError(`PORT must be a whole number from 0 to 65535, not "${value}".`);
}

/** Something that the person in front of the console can put right. */
export class UsageError extends Error {}
