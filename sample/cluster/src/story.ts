/** What a replica tells the process that started it. */
export type Message =
  | { kind: 'listens'; url: string }
  | { kind: 'begins'; requestId: string }
  | { kind: 'settled'; requestId: string };

export function tell(message: Message): void {
  process.send?.(message);
}
