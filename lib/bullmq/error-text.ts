/** What to say of a fault of a connection: Node gives one that has several reasons an empty message. */
export function errorText(error: Error): string {
  return error.message || String((error as NodeJS.ErrnoException).code);
}
