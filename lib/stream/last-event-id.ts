/** Longer ids are ignored: with one in its header every further request would be refused as too large. */
const LONGEST_ID = 1_024;
/** What a header cannot carry. The standard forbids NUL only; another control character would end every reconnect. */
const CONTROL_CHARACTER = /[^\P{Cc}\t]/u;

/**
 * What to send back as `Last-Event-ID` (WHATWG HTML, section 9.2.6). An id counts as soon as its event ends, also if
 * the event has no data; such an event is all that the parser keeps to itself.
 */
export class LastEventId {
  readonly #onId: (id: string) => void;
  /** The line that the last chunk left unfinished, as far as it matters whether it becomes an id. */
  #line = '';
  /** The id of the event that has begun and not ended yet. */
  #begun: string | undefined;

  /** @param onId told each id that counts from now on. Empty takes an earlier one back. */
  constructor(onId: (id: string) => void) {
    this.#onId = onId;
  }

  /** @param text the next part of the stream, in which every line ends in a line feed. */
  feed(text: string): void {
    const end = text.lastIndexOf('\n');
    if (end >= 0 && this.#matters(text)) {
      for (const line of (this.#line + text.slice(0, end)).split('\n')) this.#take(line);
    }
    const rest = end < 0 ? this.#line + text : text.slice(end + 1);
    this.#line = rest.slice(0, rest.startsWith('id') ? 'id: '.length + LONGEST_ID + 1 : 2);
  }

  /** Most streams have no ids at all, so ids are looked for before lines are. */
  #matters(text: string): boolean {
    if (this.#begun !== undefined || text.includes('\nid')) return true;
    return (this.#line + text.slice(0, 2)).startsWith('id');
  }

  #take(line: string): void {
    if (line === '') {
      if (this.#begun !== undefined) this.#onId(this.#begun);
      this.#begun = undefined;
    } else if (line === 'id' || line.startsWith('id:')) {
      const id = line.slice(line.startsWith('id: ') ? 4 : 3);
      if (id.length <= LONGEST_ID && !CONTROL_CHARACTER.test(id)) this.#begun = id;
    }
  }
}
