import { describe, expect, it } from '@jest/globals';
import { FrameParser } from '../../lib/stream/frame-parser.js';

/** The data of the events, and the other fields of the stream. */
function parse(text: string | Uint8Array, chunkBytes = Infinity) {
  const seen = {
    events: [] as string[],
    comments: 0,
    retries: [] as number[],
    lastEventId: undefined as string | undefined,
  };
  const parser = new FrameParser(
    {
      onData: (data) => seen.events.push(data),
      onComment: () => seen.comments++,
      onRetry: (ms) => seen.retries.push(ms),
      onLastEventId: (id) => {
        seen.lastEventId = id;
      },
    },
    1024 * 1024,
  );
  const bytes = Buffer.from(text);
  const step = Math.min(chunkBytes, bytes.length);
  for (let at = 0; at < bytes.length; at += step) parser.feed(bytes.subarray(at, at + step));
  return seen;
}

const LONG = 'x'.repeat(2 * 1024 + 1);

/**
 * The cases of public suites for event sources: the format tests of the web platform, and the contract tests of
 * feature-flag clients for server-sent events. One rule differs: the module drops events without data.
 */
const CASES: [name: string, text: string, events: string[]][] = [
  ['one event', 'data: hello\n\n', ['hello']],
  ['two events', 'data: one\n\ndata: two\n\n', ['one', 'two']],
  ['an event without a blank line after it', 'data: one\n\ndata: two\n', ['one']],
  ['an event whose last line has no end', 'data: one\n\ndata: two', ['one']],
  ['data in two lines', 'data: one\ndata: two\n\n', ['one\ntwo']],
  ['data in two lines, the second one empty', 'data: one\ndata:\n\n', ['one\n']],
  ['data in two lines, both empty', 'data\ndata\n\n', ['\n']],
  ['data without a colon', 'data\n\ndata: x\n\n', ['x']],
  ['data with a colon in it', 'data: a:b\n\n', ['a:b']],
  ['data that is one space after the first', 'data:  \n\n', [' ']],
  ['a tab, which is not a space', 'data:\ttest\rdata: \ndata:test\n\n', ['\ttest\n\ntest']],
  ['a space before the field, which makes it another', 'data: a\n data: b\n\n', ['a']],
  ['a space after the field, which makes it another', 'data : a\n\ndata: b\n\n', ['b']],
  ['a field in capitals, which is another', 'Data: a\nDATA: b\ndata: c\n\n', ['c']],
  ['a field that begins like data', 'data_5: a\nda-ta: b\ndatax: c\ndata: d\n\n', ['d']],
  ['NUL in data', 'data:\0\n\n', ['\0']],
  ['NUL in the name of a field', 'data\0: a\n\0data: b\ndata: c\n\n', ['c']],
  [
    'all odd fields at once',
    'data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\rdata:\r\n data:32\ndata:4\n\n',
    ['\0\n 2\n1\n3\n\n4'],
  ],
  ['a comment before, in and after an event', ':a\ndata: x\n:b\ndata: y\n:c\n\n:d\n', ['x\ny']],
  ['a comment that looks like data', ':data: a\ndata: b\n\n', ['b']],
  ['a comment without text, and one of a colon', ':\n::\ndata: a\n\n', ['a']],
  [
    'long comments, ended in every way',
    `data:1\r:\0\n:\r\ndata:2\n:${LONG}\rdata:3\n:data:fail\r:${LONG}\ndata:4\n\n`,
    ['1\n2\n3\n4'],
  ],
  [
    'every line end',
    'data: a\n\ndata: b\r\rdata: c\r\n\r\ndata: d\r\n\ndata: e\n\r',
    'abcde'.split(''),
  ],
  ['LF and CR, which are two line ends', 'data: a\n\rdata: b\n\n', ['a', 'b']],
  ['CR and LF inside an event, which are one', 'data: a\r\ndata: b\r\n\r\n', ['a\nb']],
  ['more blank lines than needed', '\n\n\ndata: a\n\n\n\n\r\r\r\n\ndata: b\n\n', ['a', 'b']],
  [
    'line and paragraph separators, which do not end a line',
    'data: a\u2028b\u2029c\u0085d\n\n',
    ['a\u2028b\u2029c\u0085d'],
  ],
  ['form feed and vertical tab, which do not end a line', 'data: a\fb\vc\n\n', ['a\fb\vc']],
  ['a byte order mark', '\uFEFFdata: a\n\ndata: b\n\n', ['a', 'b']],
  ['two byte order marks', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', ['b']],
  ['a byte order mark inside data', 'data: \uFEFFa\n\n', ['\uFEFFa']],
  ['a byte order mark alone', '\uFEFF', []],
  ['an empty event name', 'event: \ndata: a\n\n', ['a']],
  ['an event name alone', 'event: a\n\ndata: b\n\n', ['b']],
  ['text outside Latin-1', 'data: ok…😀\n\n', ['ok…😀']],
  ['a field without a name', ': a\n:\ndata: b\n\n', ['b']],
  ['nothing', '', []],
];

describe('An event stream', () => {
  it.each(CASES)('is parsed as the standard defines with %s', (_, text, events) => {
    expect(parse(text).events).toEqual(events);
  });

  it.each(CASES)('is parsed the same in chunks of one byte with %s', (_, text, events) => {
    expect(parse(text, 1).events).toEqual(events);
  });

  it('is UTF-8, and invalid bytes become replacement characters', () => {
    const bytes = Buffer.concat([
      Buffer.from('data: '),
      Buffer.of(0xe4, 0xff),
      Buffer.from('\n\n'),
    ]);

    expect(parse(bytes).events).toEqual(['\uFFFD\uFFFD']);
  });

  it.each([
    [':\n\n', 1],
    [': a\n: b\n\ndata: x\n\n', 2],
    ['data: :\n\n', 0],
  ])('has the comments of its text: %j has %i', (text, count) => {
    expect(parse(text).comments).toBe(count);
  });
});

describe('The retry field', () => {
  it.each([
    ['retry: 3000\n', [3_000]],
    ['retry:03\n', [3]],
    ['retry: 1\nretry: 2\n\n', [1, 2]],
    ['retry: 1000x\n\n', []],
    ['retry: x1000\n\n', []],
    ['retry: 1.5\n\n', []],
    ['retry: -1\n\n', []],
    ['retry: \n\n', []],
    ['retry\n\n', []],
    ['retry:  5\n\n', []],
    ['Retry: 5\n\n', []],
    ['retry: 5', []],
  ])('sets the delay of its value: %j gives %j', (text, retries) => {
    expect(parse(text).retries).toEqual(retries);
  });
});

describe('The last event id', () => {
  it.each([
    ['id: 1\ndata: x\n\n', '1'],
    ['id: 1\ndata: x\n', undefined],
    ['data: x\n\nid: 1\ndata: y', undefined],
    ['id: 1\ndata: x\n\ndata: y\n\n', '1'],
    ['id: 1\ndata: x\n\nid: 2\n\n', '1'],
    ['id: 1\n\n', undefined],
    ['id: 1\n\ndata: x\n\n', undefined],
    ['id: 1\ndata: x\n\nid: 2\n', '1'],
    ['id: 1\nid: 2\ndata: x\n\n', '2'],
    ['data: x\nid: 1\n\n', '1'],
    ['id: 1\ndata: x\n\nid\ndata: y\n\n', ''],
    ['id: 1\ndata: x\n\nid:\ndata: y\n\n', ''],
    ['id: 1\ndata: x\n\nid: \ndata: y\n\n', ''],
    ['id: 1\ndata: x\n\nid: 2\0\ndata: y\n\n', '1'],
    ['id: 1\ndata: x\n\nid: \0\ndata: y\n\n', '1'],
    ['id: 1\ndata: x\n\nid: 2\x7f\ndata: y\n\n', '1'],
    ['id: a\tb\ndata: x\n\n', 'a\tb'],
    ['ID: 1\ndata: x\n\n', undefined],
    [' id: 1\ndata: x\n\n', undefined],
    ['id : 1\ndata: x\n\n', undefined],
    ['idle: 1\ndata: x\n\n', undefined],
    ['i: 1\ndata: x\n\n', undefined],
    ['data: \u2028id: 1\n\n', undefined],
    ['data: x\u2028id\n\n', undefined],
    ['id: …\ndata: x\n\n', '…'],
    ['id: 1\rdata: x\r\r', '1'],
    ['id: 1\r\ndata: x\r\n\r\n', '1'],
    ['\uFEFFid: 1\ndata: x\n\n', '1'],
    ['\uFEFF\uFEFFid: 1\ndata: x\n\n', undefined],
  ])('is the same in one chunk and in chunks of one byte: %j gives %j', (text, id) => {
    expect(parse(text).lastEventId).toBe(id);
    expect(parse(text, 1).lastEventId).toBe(id);
  });

  it('can arrive in chunks of any size', () => {
    const id = (digit: string, length: number) => `id: ${digit.repeat(length)}\ndata: x\n\n`;
    const text = `data: ${LONG}\n\n${id('7', 1_024)}${id('8', 1_025)}`;

    for (let bytes = 1; bytes < 40; bytes++)
      expect(parse(text, bytes).lastEventId).toBe('7'.repeat(1_024));
  });
});
