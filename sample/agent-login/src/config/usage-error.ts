/** An error in an argument or a variable. The message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
