// LIME as quick as can be, and the load generator: it checks nothing and remembers nothing.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import autocannon from 'autocannon';
import { PassportPool } from '../harness/passports.mjs';

const CREATE = '/modules/agent-login/requests';
const EVENTS = '/modules/agent-login/events';
const JWKS = '/core/.well-known/jwks.json';
/** An event frame with a passport has about this many bytes; expired events are filled up to it. */
const FRAME_BYTES = 982;
const FILLER = 'https://your.app/agents/done?state=';
/** What goes into a socket at once, and into one HTTP chunk when frames are coalesced. */
const WRITE_BYTES = 64 * 1024;
/** Frames that are made before the first of them is sent. */
const BATCH = 50_000;

const server = createServer(answer);
let origin;
const pool = new PassportPool(() => origin);
/** The sockets of open event streams, the latest last. */
const streams = new Set();
const waiting = new Set();

/** @returns {Promise<string>} the base URL */
export async function start() {
  server.keepAliveTimeout = 0;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${server.address().port}`;
  return `${origin}/api/v1`;
}

/** Signs login passports that are valid for two minutes. */
export const sign = ({ count }) => pool.sign(count);
export const jwks = () => pool.jwks;

/** Resolves when so many event streams are open. */
export async function whenStreams({ count }) {
  while (streams.size !== count) await new Promise((resolve) => waiting.add(resolve));
}

/**
 * Sends many events as fast as the other side reads them.
 * @param {object} input
 * @param {number} [input.stream] which one, in the order of opening; without it, all
 * @param {number} input.count
 * @param {'approved' | 'expired' | 'bare'} input.type `bare`: expired, in as few bytes as can be
 * @param {boolean} input.coalesced many frames in one HTTP chunk, or a chunk for each
 */
export async function flood({ stream, count, type, coalesced }) {
  const sockets = stream === undefined ? [...streams] : [[...streams][stream]];
  for (let sent = 0; sent < count; sent += BATCH) {
    const frames = framesOf(type, Math.min(BATCH, count - sent));
    for (const bytes of encoded(frames, coalesced)) {
      await Promise.all(
        sockets.map((socket) => socket.write(bytes) || once(socket, 'drain').then(() => undefined)),
      );
    }
  }
}

/**
 * Sends one event at a time, with a pause in which everything comes to rest.
 * @returns when each was written, in nanoseconds of the machine's monotonic clock
 */
export async function drip({ stream, count, type, pauseMs }) {
  const socket = [...streams][stream];
  const writtenAt = [];
  for (const chunk of framesOf(type, count).map((text) => Buffer.from(httpChunk(text)))) {
    await sleep(pauseMs);
    writtenAt.push(process.hrtime.bigint());
    socket.write(chunk);
  }
  return writtenAt;
}

/** @returns how many requests a server answers in a second; each answer has to be 200 */
export async function requestsPerSecond({ url, passport, seconds }) {
  const result = await autocannon({
    url,
    connections: 16,
    duration: seconds,
    sampleInt: 50, // it ends with a sample
    headers: { authorization: `Bearer ${passport}` },
  });
  const { non2xx, errors, requests } = result;
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} not 2xx, ${errors} failed`);
  return requests.total / ((result.finish - result.start) / 1000);
}

function answer(request, response) {
  const path = request.url.replace('/api/v1', '');
  request.resume();
  if (path === EVENTS) return openStream(response);
  if (path === JWKS) return send(response, 200, pool.jwks);
  if (path !== CREATE) return send(response, 404, { ok: false, error: {} });
  request.on('end', () => {
    const data = {
      login_request_id: crypto.randomUUID(),
      status: 'PENDING',
      expires_at: new Date(Date.now() + 300_000).toISOString(),
    };
    send(response, 201, { ok: true, data });
  });
}

function send(response, status, body) {
  const json = JSON.stringify(body);
  const headers = { 'content-type': 'application/json', 'content-length': json.length };
  response.writeHead(status, headers).end(json);
}

function openStream(response) {
  response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
  const { socket } = response;
  streams.add(socket);
  wake();
  socket.on('close', () => {
    streams.delete(socket);
    wake();
  });
}

function wake() {
  for (const resolve of waiting) resolve();
  waiting.clear();
}

function framesOf(type, count) {
  if (type === 'approved') return pool.take(count).map(approvedFrame);
  return Array.from({ length: count }, () => expiredFrame(type === 'bare' ? 0 : FRAME_BYTES));
}

function approvedFrame({ requestId, passport }) {
  return frame({
    type: 'approved',
    login_request_id: requestId,
    agent_passport_jwt: passport,
    status: 'DELIVERED',
  });
}

function expiredFrame(bytes) {
  const event = { type: 'expired', login_request_id: crypto.randomUUID() };
  if (bytes === 0) return frame(event);
  const missing = bytes - frame({ ...event, redirect_url: FILLER }).length;
  return frame({ ...event, redirect_url: FILLER + 'x'.repeat(missing) });
}

function frame(event) {
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** An HTTP chunk (RFC 9112 section 7.1). */
function httpChunk(text) {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

/** What goes over the wire, in pieces of about `WRITE_BYTES`. */
function encoded(frames, coalesced) {
  const pieces = [];
  let piece = '';
  for (const [index, text] of frames.entries()) {
    piece += coalesced ? text : httpChunk(text);
    if (piece.length < WRITE_BYTES && index < frames.length - 1) continue;
    pieces.push(Buffer.from(coalesced ? httpChunk(piece) : piece));
    piece = '';
  }
  return pieces;
}
