import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import zlib from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { LimeSitesModuleOptions } from 'nestjs-lime-sites';
import { useCleanup } from '../support/cleanup.js';
import { LoopbackServer } from '../support/loopback-server.js';
import { RecordingHandler } from '../support/recording-handler.js';
import { useStarter } from '../support/start-site.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();

type Chunk = string | Buffer;
/** The bytes of one connection; each further connection repeats the last one. */
type Connection = { chunks: Chunk[]; headers?: Record<string, string>; end?: boolean };

const expired = (id: string): string => JSON.stringify({ type: 'expired', login_request_id: id });
const frame = (id: string): string => `data: ${expired(id)}\n\n`;
const bytes = (text: string): Buffer[] =>
  Array.from(Buffer.from(text), (byte) => Buffer.from([byte]));

async function play(response: ServerResponse, { chunks, headers, end }: Connection): Promise<void> {
  response.socket?.setNoDelay(true);
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers });
  response.flushHeaders();
  for (const chunk of chunks) {
    response.write(chunk);
    await nextTurn();
  }
  if (end) response.end();
}

/** Starts a site on a server that sends exactly these bytes. */
async function startSite(connections: Connection[], options: LimeSitesModuleOptions = {}) {
  let connected = 0;
  const lastEventIds: (string | undefined)[] = [];
  const server = await LoopbackServer.start((request, response) => {
    if (!request.url?.endsWith('/events')) return response.writeHead(404).end();
    lastEventIds.push(request.headers['last-event-id']?.toString());
    const connection = connections[Math.min(connected++, connections.length - 1)];
    if (connection) void play(response, connection);
    return undefined;
  });
  closeLater(() => server.stop());
  const lime = await start.lime();
  const { app, site, logs } = await start.site({
    lime,
    options: { baseUrl: server.url, ...options },
    providers: [RecordingHandler],
  });
  return { site, logs, lastEventIds, handler: app.get(RecordingHandler) };
}

const READABLE: [name: string, chunks: Chunk[], ids: string[]][] = [
  [
    'one byte a chunk, with characters of two, three and four bytes',
    bytes(frame('lr_ü€😀') + frame('lr_b')),
    ['lr_ü€😀', 'lr_b'],
  ],
  ['many frames in one chunk', [frame('a') + frame('b') + frame('c')], ['a', 'b', 'c']],
  ['a frame cut inside a word', [frame('a').slice(0, 12), frame('a').slice(12)], ['a']],
  ['CR line ends', [`data: ${expired('a')}\r\rdata: ${expired('b')}\r\r`], ['a', 'b']],
  ['CRLF line ends', [`data: ${expired('a')}\r\n\r\ndata: ${expired('b')}\r\n\r\n`], ['a', 'b']],
  [
    'mixed line ends',
    [`data: ${expired('a')}\r\n\ndata: ${expired('b')}\n\rdata: ${expired('c')}\r\r\n`],
    ['a', 'b', 'c'],
  ],
  [
    'a CRLF that is cut in the middle',
    [`data: ${expired('a')}\r`, '\n\r', `\ndata: ${expired('b')}\r\n\r`, '\n'],
    ['a', 'b'],
  ],
  [
    'a lone CR at the end of a chunk, after which nothing comes',
    [`data: ${expired('a')}\r\r`],
    ['a'],
  ],
  ['a byte order mark at the start', [`\uFEFF${frame('a')}`], ['a']],
  ['a byte order mark cut into bytes', bytes(`\uFEFF${frame('a')}`), ['a']],
  [
    'a second byte order mark, which voids its line',
    [`\uFEFF\uFEFF${frame('a')}${frame('b')}`],
    ['b'],
  ],
  [
    'a byte order mark later, which voids its line',
    [frame('a'), `\uFEFF${frame('b')}`, frame('c')],
    ['a', 'c'],
  ],
  ['comments', [`: hello\n${frame('a')}:\n\n:${frame('x')}: bye\n\n${frame('b')}`], ['a', 'b']],
  [
    'event names, which change nothing',
    [`event: login\n${frame('a')}event:\n${frame('b')}`],
    ['a', 'b'],
  ],
  ['data in several lines', [`data: {"type":"expired",\ndata: "login_request_id":"a"}\n\n`], ['a']],
  ['data without a space after the colon', [`data:${expired('a')}\n\n`], ['a']],
  ['data with two spaces after the colon', [`data:  ${expired('a')}\n\n`], ['a']],
  ['empty data', [`data:\n\ndata\n\ndata: \n\n${frame('a')}`], ['a']],
  ['unknown fields, and lines without a colon', [`foo: bar\nbaz\n data: x\n${frame('a')}`], ['a']],
  ['blank lines without end', ['\n\n\n\n\n\n', frame('a')], ['a']],
  [
    'invalid JSON between two good frames of one chunk',
    [`${frame('a')}data: {oops\n\n${frame('b')}`],
    ['a', 'b'],
  ],
  ['bytes that are not UTF-8', [Buffer.from('data: \xff\xfe\n\n', 'latin1'), frame('a')], ['a']],
  ['every field at once', [`id: 1\nevent: x\nretry: 5\n${frame('a')}`], ['a']],
];

describe('The event stream', () => {
  it.each(READABLE)('delivers the frames of %s', async (_, chunks, ids) => {
    const { handler } = await startSite([{ chunks }]);

    await until(() => handler.events.length >= ids.length);

    expect(handler.requestIds).toEqual(ids);
  });

  it.each([
    ['gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['br', zlib.brotliCompressSync],
  ])('delivers frames that a proxy has compressed with %s', async (encoding, compress) => {
    const headers = { 'content-encoding': encoding };
    const { handler } = await startSite([{ chunks: [compress(frame('a') + frame('b'))], headers }]);

    await until(() => handler.events.length === 2);

    expect(handler.requestIds).toEqual(['a', 'b']);
  });

  it.each([
    ['gzip', () => zlib.createGzip()],
    ['deflate', () => zlib.createDeflate()],
    ['br', () => zlib.createBrotliCompress()],
  ])(
    'delivers a frame compressed with %s when it is flushed, not when the stream ends',
    async (encoding, createCompressor) => {
      const compressor = createCompressor();
      const parts: Buffer[] = [];
      compressor.on('data', (part: Buffer) => parts.push(part));
      for (const id of ['a', 'b']) {
        compressor.write(frame(id));
        await new Promise<void>((resolve) => compressor.flush(() => resolve()));
      }
      const headers = { 'content-encoding': encoding };
      const { handler } = await startSite([{ chunks: parts, headers }]);

      await until(() => handler.events.length === 2);

      expect(handler.requestIds).toEqual(['a', 'b']);
    },
  );

  it('reconnects after damaged compressed bytes', async () => {
    const headers = { 'content-encoding': 'gzip' };
    const { handler } = await startSite([
      { chunks: ['this is not gzip'], headers },
      { chunks: [frame('a')] },
    ]);

    await until(() => handler.events.length === 1);
  });

  it('drops a frame at the end of the stream that is cut off, and keeps it out of the next stream', async () => {
    const { handler } = await startSite([
      { chunks: [frame('a'), `data: ${expired('cut')}\n`], end: true },
      { chunks: [`\n${frame('b')}`] },
    ]);

    await until(() => handler.requestIds.includes('b'));

    expect(handler.requestIds).toEqual(['a', 'b']);
  });

  it('keeps half a character out of the next stream', async () => {
    const half = Buffer.from('data: €').subarray(0, -1);
    const { handler } = await startSite([{ chunks: [half], end: true }, { chunks: [frame('a')] }]);

    await until(() => handler.events.length === 1);
  });
});

describe('A frame that is too large', () => {
  const maxFrameBytes = 1024;
  const TOO_LARGE: [name: string, chunks: Chunk[]][] = [
    ['a line that never ends', ['data: ', ...Array.from({ length: 20 }, () => 'x'.repeat(100))]],
    ['a frame of many lines', Array.from({ length: 20 }, () => `data: ${'x'.repeat(100)}\n`)],
    ['a whole frame in one chunk', [`data: "${'x'.repeat(1_100)}"\n\n`]],
  ];

  it.each(TOO_LARGE)('drops the stream, and the next stream works: %s', async (_, chunks) => {
    const { handler, site, logs } = await startSite([{ chunks }, { chunks: [frame('a')] }], {
      maxFrameBytes,
    });

    await until(() => handler.events.length === 1);

    expect(logs.of('warn')).toContainEqual(
      expect.stringContaining('more than 1024 bytes (maxFrameBytes)'),
    );
    expect(site.connection.state).toBe('open');
  });

  it('has more than maxFrameBytes: one with exactly this size is delivered', async () => {
    const id = 'x'.repeat(maxFrameBytes - expired('').length);
    const { handler } = await startSite([{ chunks: [frame(id)] }], { maxFrameBytes });

    await until(() => handler.events.length === 1);

    expect(handler.requestIds).toEqual([id]);
  });
});

describe('The id of an event', () => {
  it.each([
    ['plain', 'id: 7\n', '7'],
    ['outside Latin-1, as UTF-8 bytes', 'id: ü€\n', Buffer.from('ü€').toString('latin1')],
    ['the last one of several', `id: 1\n${frame('x')}id: 2\n`, '2'],
    ['kept by later events without one', `id: 7\n${frame('x')}`, '7'],
    ['none, when an empty one revokes it', `id: 7\n${frame('x')}id:\n`, undefined],
    ['none, when there never was one', '', undefined],
    ['none, when it contains NUL', 'id: 7\0\n', undefined],
    ['none, when its event has no data', 'id: 7\n\n', undefined],
    ['the one before, when its event has no data', `id: 1\n${frame('x')}id: 2\n\n`, '1'],
    ['the one before, when a field only begins like it', `id: 7\n${frame('x')}idx: 8\nid8\n`, '7'],
    ['with everything behind the first colon', 'id:a:b c\n', 'a:b c'],
    ['of 1 024 characters', `id: ${'x'.repeat(1_024)}\n`, 'x'.repeat(1_024)],
    ['the one before, when it is longer', `id: 7\n${frame('x')}id: ${'x'.repeat(1_025)}\n`, '7'],
    ['the one before, when a header cannot carry it', `id: 7\n${frame('x')}id: 8\x01\n`, '7'],
  ])('goes into Last-Event-ID of the next connection: %s', async (_, text, expected) => {
    const { handler, lastEventIds } = await startSite([
      { chunks: [`${text}${frame('a')}`], end: true },
      { chunks: [frame('b')] },
    ]);

    await until(() => handler.requestIds.includes('b'));

    expect(lastEventIds[0]).toBeUndefined();
    expect(lastEventIds[1]).toBe(expected);
  });

  it('does not go into Last-Event-ID when the connection cuts its event off', async () => {
    const { handler, lastEventIds } = await startSite([
      { chunks: [`id: 7\n${frame('a')}`, `id: 8\ndata: ${expired('cut')}\n`], end: true },
      { chunks: [frame('b')] },
    ]);

    await until(() => handler.requestIds.includes('b'));

    expect(lastEventIds[1]).toBe('7');
  });

  it('stays the same over connections without an id', async () => {
    const { handler, lastEventIds } = await startSite([
      { chunks: [`id: 7\n${frame('x')}`], end: true },
      { chunks: [frame('a')], end: true },
      { chunks: [frame('b')] },
    ]);

    await until(() => handler.requestIds.includes('b'));

    expect(lastEventIds.slice(0, 3)).toEqual([undefined, '7', '7']);
  });
});

describe('The retry field', () => {
  const options = { sseBackoffBaseMs: 2, sseBackoffMaxMs: 20 };

  it.each([
    ['0, which leaves the backoff as it is', '0', 0, 10],
    ['not a number, which is ignored', '1e9', 0, 10],
    ['negative, which is ignored', '-1', 0, 10],
    ['moderate, which is a minimum', '60', 55, 300],
    ['huge, which is capped at four times sseBackoffMaxMs', '99999999999999999999', 75, 400],
  ])('can be %s', async (_, retry, atLeastMs, atMostMs) => {
    const { handler } = await startSite(
      [{ chunks: [`retry: ${retry}\n\n${frame('a')}`], end: true }, { chunks: [frame('b')] }],
      options,
    );

    await until(() => handler.requestIds.includes('b'));

    const [first, second] = handler.events.map(({ receivedAt }) => receivedAt.getTime());
    const pause = (second ?? 0) - (first ?? 0);
    expect(pause).toBeGreaterThanOrEqual(atLeastMs);
    expect(pause).toBeLessThan(atMostMs + 300); // a busy machine adds some
  });
});
