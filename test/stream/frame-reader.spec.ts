import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameReader } from '../../lib/stream/frame-reader.js';

/** Everything that the reader makes of these chunks, in order, and at the end the id that it would send back. */
function read(chunks: Uint8Array[], maxFrameBytes = 1024 * 1024): string[] {
  const seen: string[] = [];
  let lastEventId = '';
  const reader = new FrameReader(
    {
      onData: (data) => seen.push(`data ${data}`),
      onComment: () => seen.push('comment'),
      onRetry: (ms) => seen.push(`retry ${ms}`),
      onLastEventId: (id) => {
        lastEventId = id;
      },
    },
    maxFrameBytes,
  );
  try {
    for (const chunk of chunks) reader.feed(chunk);
  } catch (error) {
    seen.push((error as Error).message);
  }
  return [...seen, `id ${lastEventId}`];
}

/** Text that is full of what matters in an event stream. */
const streamText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        'data',
        'data:',
        'data: ',
        'id',
        'id: ',
        'event: x',
        'retry: ',
        ':',
        ' ',
        '7',
        '{"a":1}',
      ),
      fc.constantFrom(
        '\n',
        '\r',
        '\r\n',
        '\n\n',
        '\r\r',
        '\r\n\r\n',
        '\uFEFF',
        '\0',
        '\u2028',
        'ü',
        '€',
        '😀',
      ),
      fc.string({ unit: 'grapheme', maxLength: 5 }),
    ),
    { maxLength: 60 },
  )
  .map((parts) => Buffer.from(parts.join('')));

function cut(bytes: Uint8Array, places: number[]): Uint8Array[] {
  const ends = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted(
    (a, b) => a - b,
  );
  return [...ends, bytes.length].map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** An event stream read by the letter of WHATWG HTML 9.2.6: slow, simple, and only the data and the last id. */
function readByTheBook(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  lines.pop(); // what no line end has finished
  const events: string[] = [];
  let data: string[] = [];
  let idBuffer = '';
  let lastEventId = '';
  for (const line of lines) {
    if (line === '') {
      lastEventId = idBuffer;
      if (data.length > 0 && data.join('\n') !== '') events.push(`data ${data.join('\n')}`);
      data = [];
    }
    const [, field = '', value = ''] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
    if (field === 'data') data.push(line.includes(':') ? value : '');
    if (field === 'id' && !value.includes('\0')) idBuffer = value;
  }
  return [...events, `id ${lastEventId}`];
}

describe('a frame that is too long', () => {
  const SINK = {
    onData: () => undefined,
    onComment: () => undefined,
    onRetry: () => undefined,
    onLastEventId: () => undefined,
  };

  it.each([
    ['in one chunk', ['data: 123456789\n\n']],
    ['in one line that has not ended', ['data: 1', '2345']],
    ['in many lines', ['data: 1234\n', 'data: 5678\n']],
  ])('%s is a FRAME_TOO_LARGE that names the option', (_, chunks) => {
    const reader = new FrameReader(SINK, 8);
    const feed = () => chunks.forEach((chunk) => reader.feed(Buffer.from(chunk)));

    expect(feed).toThrow(
      expect.objectContaining({
        code: 'FRAME_TOO_LARGE',
        message: expect.stringContaining('more than 8 bytes (maxFrameBytes)'),
      }),
    );
  });

  it('is none when it has exactly that length', () => {
    expect(read([Buffer.from('data:12345678\n\n')], 13)).toEqual(['data 12345678', 'id ']);
  });
});

describe('any text', () => {
  it('cut anywhere gives the same events as uncut', () => {
    fc.assert(
      fc.property(streamText, fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
        expect(read(cut(bytes, places))).toEqual(read([bytes]));
      }),
      { numRuns: 3_000 },
    );
  });

  it('cut into single bytes gives the same events as uncut', () => {
    fc.assert(
      fc.property(streamText, (bytes) => {
        expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(read([bytes]));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives the events, and the last id, that the standard wants', () => {
    fc.assert(
      fc.property(streamText, (bytes) => {
        const events = read([bytes]).filter((seen) => /^(data|id) /.test(seen));
        expect(events).toEqual(readByTheBook(bytes.toString()));
      }),
      { numRuns: 3_000 },
    );
  });

  it('never takes more than maxFrameBytes into a frame', () => {
    fc.assert(
      fc.property(streamText, fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
        for (const seen of read(cut(bytes, places), 8)) {
          if (seen.startsWith('data ')) expect(seen.length).toBeLessThanOrEqual(8 + 'data '.length);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
