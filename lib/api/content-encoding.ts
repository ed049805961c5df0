import { pipeline, type Readable, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import type { Dispatcher } from 'undici';

const createGunzip = () => zlib.createGunzip({ flush: zlib.constants.Z_SYNC_FLUSH });

/** Decoders that flush after each write, so that an event of the stream does not wait for the next one. */
const DECODERS: ReadonlyMap<string, () => Transform> = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip], // RFC 9110 section 8.4.1.3
  ['deflate', () => zlib.createInflate({ flush: zlib.constants.Z_SYNC_FLUSH })],
  ['br', () => zlib.createBrotliDecompress({ flush: zlib.constants.BROTLI_OPERATION_FLUSH })],
]);

/**
 * Decodes gzip, deflate and br: some gateways compress although each request asks for `identity`.
 * @returns `undefined` for another encoding, or for several; the body is the caller's to end then.
 */
export function decodedBody(response: Dispatcher.ResponseData): Readable | undefined {
  const encoding = encodingOf(response.headers);
  if (encoding === 'identity') return response.body;
  const createDecoder = DECODERS.get(encoding);
  // The reader of the decoder gets the error, so the callback has nothing to do.
  return createDecoder && pipeline(response.body, createDecoder(), () => undefined);
}

/** The encoding of a body (RFC 9110 section 8.4), in lower case. */
function encodingOf({ 'content-encoding': given }: Dispatcher.ResponseData['headers']): string {
  const encodings = String(given ?? '')
    .split(',')
    .map((encoding) => encoding.trim().toLowerCase())
    .filter((encoding) => encoding !== '' && encoding !== 'identity');
  return encodings.join(', ') || 'identity';
}
