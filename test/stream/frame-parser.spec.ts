import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FrameParser } from '../../lib/stream/frame-parser.js';

/** The parser's events for these chunks, in order, and the id for `Last-Event-ID`. */
function parse(chunks: Uint8Array[], maxFrameBytes = 1024 * 1024): string[] {
  const seen: string[] = [];
  let lastEventId = '';
  const parser = new FrameParser(
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
    for (const chunk of chunks) parser.feed(chunk);
  } catch (error) {
    seen.push((error as Error).message);
  }
  return [...seen, `id ${lastEventId}`];
}

/** Text with many characters that have a meaning in an event stream. */
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

/**
 * A slow and simple parser of event streams after WHATWG HTML 9.2.6: only the data and the last id. One rule
 * differs, as in eventsource-parser: an id without data in its event does not count.
 */
function parseByTheBook(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  lines.pop(); // a line without an end
  const events: string[] = [];
  let data: string[] = [];
  let id: string | undefined;
  let lastEventId = '';
  for (const line of lines) {
    if (line === '') {
      if (data.length > 0) lastEventId = id ?? lastEventId;
      if (data.length > 0 && data.join('\n') !== '') events.push(`data ${data.join('\n')}`);
      data = [];
      id = undefined;
    }
    const [, field = '', value = ''] = /^([^:]*):? ?([^]*)$/.exec(line) ?? [];
    if (field === 'data') data.push(line.includes(':') ? value : '');
    if (field === 'id' && !value.includes('\0')) id = value;
  }
  return [...events, `id ${lastEventId}`];
}

describe('A frame that is too large', () => {
  const SINK = {
    onData: () => undefined,
    onComment: () => undefined,
    onRetry: () => undefined,
    onLastEventId: () => undefined,
  };

  it.each([
    ['in one chunk', ['data: 123456789\n\n']],
    ['in one unfinished line', ['data: 1', '2345']],
    ['in many lines', ['data: 1234\n', 'data: 5678\n']],
  ])('throws FRAME_TOO_LARGE with the name of the option: %s', (_, chunks) => {
    const parser = new FrameParser(SINK, 8);
    const feed = () => chunks.forEach((chunk) => parser.feed(Buffer.from(chunk)));

    expect(feed).toThrow(
      expect.objectContaining({
        code: 'FRAME_TOO_LARGE',
        message: expect.stringContaining('more than 8 bytes (maxFrameBytes)'),
      }),
    );
  });

  it('has more than maxFrameBytes', () => {
    expect(parse([Buffer.from('data:12345678\n\n')], 13)).toEqual(['data 12345678', 'id ']);
  });
});

describe('Any text in the stream', () => {
  it('gives the same events in chunks of any size', () => {
    fc.assert(
      fc.property(streamText, fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
        expect(parse(cut(bytes, places))).toEqual(parse([bytes]));
      }),
      { numRuns: 3_000 },
    );
  });

  it('gives the same events in chunks of one byte', () => {
    fc.assert(
      fc.property(streamText, (bytes) => {
        expect(parse(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(parse([bytes]));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives the events and the last id of the standard', () => {
    fc.assert(
      fc.property(streamText, (bytes) => {
        const events = parse([bytes]).filter((seen) => /^(data|id) /.test(seen));
        expect(events).toEqual(parseByTheBook(bytes.toString()));
      }),
      { numRuns: 3_000 },
    );
  });

  it('never gives a frame of more than maxFrameBytes', () => {
    fc.assert(
      fc.property(streamText, fc.array(fc.nat(), { maxLength: 20 }), (bytes, places) => {
        for (const seen of parse(cut(bytes, places), 8)) {
          if (seen.startsWith('data ')) expect(seen.length).toBeLessThanOrEqual(8 + 'data '.length);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
