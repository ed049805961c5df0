/** The table in the terminal: a line for each login, a column for each replica. */
export class Board {
  readonly #started = new Map<string, { replica: number; at: number }>();
  readonly #handled = new Map<string, number>();
  takeovers = 0;

  constructor(private readonly columns: number) {}

  get handled(): number {
    return this.#handled.size;
  }

  heading(): void {
    const names = Array.from({ length: this.columns }, (_, index) => `replica ${index + 1}`);
    console.log(`\n${''.padEnd(14)}${names.map((name) => name.padEnd(11)).join('')}`);
  }

  started(requestId: string, replica: number): void {
    const earlier = this.#started.get(requestId);
    if (earlier && earlier.replica !== replica) {
      this.takeovers++;
      const seconds = ((performance.now() - earlier.at) / 1000).toFixed(1);
      this.note(
        `replica ${replica} takes ${short(requestId)} over from replica ${earlier.replica}, after ${seconds} s`,
      );
    }
    this.#started.set(requestId, { replica, at: performance.now() });
  }

  handledBy(requestId: string, replica: number): void {
    const times = (this.#handled.get(requestId) ?? 0) + 1;
    this.#handled.set(requestId, times);
    const mark = times === 1 ? '✓' : `${times} times`;
    console.log(`${short(requestId).padEnd(14)}${' '.repeat((replica - 1) * 11)}${mark}`);
  }

  note(text: string): void {
    console.log(`  -- ${text}`);
  }
}

export function short(requestId: string): string {
  return requestId.slice(0, 8);
}
