/** A message from a replica to the process that started it. */
export type Message =
  | { kind: 'listens'; url: string }
  | { kind: 'started'; requestId: string }
  | { kind: 'handled'; requestId: string };

export function report(message: Message): void {
  process.send?.(message);
}
