/** Something that the person in front of the console can put right; the message is one sentence. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
