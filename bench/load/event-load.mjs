import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { approvedFrame, bareExpiredFrame, expiredFrame, httpChunk } from './frames.mjs';

/** What goes into the socket at once, and into one chunk when frames are coalesced. */
const WRITE_BYTES = 64 * 1024;
/** So much is made ready before it is sent; more would be memory that the load generator pays for. */
const BATCH = 50_000;

/**
 * Sends many events as fast as the other side takes them.
 * @param {object} input
 * @param {number} [input.stream] which one, in the order of opening
 * @param {number} input.count
 * @param {'expired' | 'bare' | 'approved'} input.type `bare`: expired, in as few bytes as can be
 * @param {boolean} input.coalesced many frames in one HTTP chunk, or a chunk for each
 */
export async function flood(platform, passports, { stream = 0, count, type, coalesced }) {
  const socket = [...platform.streams][stream];
  for (let sent = 0; sent < count; sent += BATCH) {
    const frames = framesOf(passports, type, Math.min(BATCH, count - sent));
    for (const bytes of encoded(frames, coalesced)) {
      if (!socket.write(bytes)) await once(socket, 'drain');
    }
  }
}

/**
 * Sends one event at a time, with a pause in which everything comes to rest.
 * @returns when each was written, in nanoseconds of the machine's monotonic clock
 */
export async function drip(platform, passports, { stream = 0, count, type, pauseMs }) {
  const socket = [...platform.streams][stream];
  const chunks = framesOf(passports, type, count).map((frame) => Buffer.from(httpChunk(frame)));
  const writtenAt = [];
  for (const chunk of chunks) {
    await sleep(pauseMs);
    writtenAt.push(process.hrtime.bigint());
    socket.write(chunk);
  }
  return writtenAt;
}

/** Has just these requests expire, in one go. */
export function expire(platform, { ids }) {
  const socket = [...platform.streams][0];
  for (const bytes of encoded(ids.map(expiredFrame), true)) socket.write(bytes);
}

function framesOf(passports, type, count) {
  if (type === 'approved') return passports.take(count).map(approvedFrame);
  const write = type === 'bare' ? bareExpiredFrame : expiredFrame;
  return Array.from({ length: count }, () => write(crypto.randomUUID()));
}

/** What goes over the wire, in pieces of about `WRITE_BYTES`, all made before the first one is sent. */
function encoded(frames, coalesced) {
  const pieces = [];
  let piece = '';
  for (const frame of frames) {
    piece += coalesced ? frame : httpChunk(frame);
    if (piece.length < WRITE_BYTES) continue;
    pieces.push(piece);
    piece = '';
  }
  if (piece !== '') pieces.push(piece);
  return pieces.map((text) => Buffer.from(coalesced ? httpChunk(text) : text));
}
