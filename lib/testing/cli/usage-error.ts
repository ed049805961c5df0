/** A mistake on the command line; the message is one sentence for the person who made it. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
