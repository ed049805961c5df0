/**
 * Changes that no test can notice, because nothing changes that anybody could see.
 * @type {{ file: string, code: string, reason: string, changes: [from: string, to: string][] }[]} `code` is how the line begins
 */
const HARMLESS = [
  {
    file: 'lib/stream/frame-reader.ts',
    code: '#afterCarriageReturn =',
    reason: 'a stream may begin with a blank line or not: it ends no event',
    changes: [['false', 'true']],
  },
  {
    file: 'lib/stream/frame-reader.ts',
    code: "return fresh.includes('\\r')",
    reason: 'a text without a carriage return is gone through in vain: slower, and nothing else',
    changes: [
      [
        "fresh.includes('\\r') ? fresh.replaceAll(/\\r\\n?/g, '\\n') : fresh",
        "fresh.replaceAll(/\\r\\n?/g, '\\n')",
      ],
      ["'\\r'", "''"],
    ],
  },
  {
    file: 'lib/stream/reconnect-policy.ts',
    code: '#regime:',
    reason: 'before the first failure there is no back-off that could start anew',
    changes: [["'dropped'", "''"]],
  },
  {
    file: 'lib/stream/reconnect-policy.ts',
    code: 'const regime =',
    reason: 'any other name than refused says the same',
    changes: [["'dropped'", "''"]],
  },
  {
    file: 'lib/stream/reconnect-policy.ts',
    code: 'if (httpStatus === undefined)',
    reason: 'no number is less than undefined; the compiler wants to hear it',
    changes: [
      ['httpStatus === undefined', 'false'],
      ['return false;', 'return;'],
    ],
  },
  {
    file: 'lib/stream/silence-watch.ts',
    code: '#lastByteAt =',
    reason: 'a watch that was not started does not look at it',
    changes: [['0', '1']],
  },
  {
    file: 'lib/stream/silence-watch.ts',
    code: 'if (interval !== undefined && interval < ONE_BEAT_MS)',
    reason: 'undefined is less than no number; the compiler wants to hear it',
    changes: [['interval !== undefined', 'true']],
  },
  {
    file: 'lib/stream/silence-watch.ts',
    code: 'if (silentForMs >= this.limitMs && !confirmed)',
    reason: 'each timer then takes a turn of 1 ms more',
    changes: [['silentForMs >= this.limitMs', 'true']],
  },
  {
    file: 'lib/stream/silence-watch.ts',
    code: 'if (silentForMs >= this.limitMs) {',
    reason: 'a silence of exactly the limit is then found dead one turn of 1 ms later',
    changes: [['>=', '>']],
  },
  {
    file: 'lib/stream/last-event-id.ts',
    code: 'if (end >= 0 && this.#matters(text))',
    reason: 'lines are gone through although no id is in sight: slower, and nothing else',
    changes: [['this.#matters(text)', 'true']],
  },
  {
    file: 'lib/stream/last-event-id.ts',
    code: 'if (this.#begun !== undefined ||',
    reason: 'the same',
    changes: [
      ["this.#begun !== undefined || text.includes('\\nid')", 'true'],
      ['this.#begun !== undefined', 'true'],
      ["text.includes('\\nid')", 'true'],
      ["'\\nid'", "''"],
    ],
  },
  {
    file: 'lib/stream/last-event-id.ts',
    code: 'return (this.#line + text.slice(0, 2))',
    reason: 'the same',
    changes: [
      ["'id'", "''"],
      ['2', '3'],
    ],
  },
  {
    file: 'lib/stream/last-event-id.ts',
    code: 'this.#begun = undefined;',
    reason: 'the same id is told again with each event that has none',
    changes: [['this.#begun = undefined;', ';']],
  },
  {
    file: 'lib/stream/event-stream.ts',
    code: 'const unanswered =',
    reason: 'no other error has this code',
    changes: [['error instanceof LimeError', 'true']],
  },
  {
    file: 'lib/stream/event-stream.ts',
    code: 'openForMs:',
    reason: 'neither no number nor one millisecond makes a stream healthy',
    changes: [
      [
        'this.#openedAt === undefined ? 0 : clock.monotonic() - this.#openedAt',
        'clock.monotonic() - this.#openedAt',
      ],
      ['0', '1'],
    ],
  },
  {
    file: 'lib/stream/event-stream.ts',
    code: 'retryAfterMs:',
    reason: 'nothing else that is thrown on the way to a stream has that member',
    changes: [
      ['thrown instanceof StreamRefused ? thrown.retryAfterMs : undefined', 'thrown.retryAfterMs'],
    ],
  },
  {
    file: 'lib/stream/event-stream.ts',
    code: 'await this.#running;',
    reason: 'once aborted, nothing more is read; to wait for the end of the loop is for order only',
    changes: [['await this.#running;', ';']],
  },
  {
    file: 'lib/stream/last-event-id.ts',
    code: 'this.#line = rest.slice(0,',
    reason: 'more of an unfinished line is kept than is needed to judge it',
    changes: [
      [
        "rest.startsWith('id') ? 'id: '.length + LONGEST_ID + 1 : 2",
        "'id: '.length + LONGEST_ID + 1",
      ],
      ["'id'", "''"],
      ['1', '2'],
      ['2', '3'],
    ],
  },
  {
    file: 'lib/stream/stream-connector.ts',
    code: "return Buffer.from(id, 'utf8')",
    reason: 'no name of an encoding means the same one',
    changes: [["'utf8'", "''"]],
  },
  {
    file: 'lib/memory/keyed-digest.ts',
    code: 'high = 0',
    reason: 'it is read after the first text only',
    changes: [['0', '1']],
  },
  {
    file: 'lib/memory/keyed-digest.ts',
    code: 'low = 0',
    reason: 'it is read after the first text only',
    changes: [['0', '1']],
  },
  {
    file: 'lib/memory/keyed-digest.ts',
    code: 'constructor(',
    reason: 'a key has both words; the compiler wants to hear what would be without',
    changes: [
      ['0', '1'],
      ['2', '3'],
    ],
  },
  {
    file: 'lib/memory/keyed-digest.ts',
    code: 'if (text === this.#text) return',
    reason: 'the same is worked out again: slower, and nothing else',
    changes: [['text === this.#text', 'false']],
  },
  {
    file: 'lib/memory/keyed-digest.ts',
    code: 'this.#text = text',
    reason: 'the same is worked out again: slower, and nothing else',
    changes: [['this.#text = text;', ';']],
  },
  {
    file: 'lib/login/login-delivery.ts',
    code: 'if (next >= 0) this.#queue.unshift',
    reason: 'a login that is let go too early goes back: its request is still with its handlers',
    changes: [
      ['next >= 0', 'true'],
      ['1', '2'],
    ],
  },
];

/**
 * @param {string} file
 * @param {import('./mutants.mjs').Mutant} mutant
 * @returns why this change does no harm, if it is known not to.
 */
export function reasonOf(file, { code, from, to }) {
  return HARMLESS.find(
    (known) =>
      known.file === file &&
      code.startsWith(known.code) &&
      known.changes.some((change) => change[0] === from && change[1] === to),
  )?.reason;
}
