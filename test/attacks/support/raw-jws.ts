import { type KeyObject, sign } from 'node:crypto';

/** Encodes a part of a token. Serialises an object, and keeps a string or bytes. */
export type RawPart = object | string | Uint8Array;

export function encodePart(part: RawPart): string {
  if (part instanceof Uint8Array) return Buffer.from(part).toString('base64url');
  return Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');
}

/** Signs two encoded parts with RSASSA-PKCS1-v1_5 and SHA-256, for any header. */
export function signEncoded(header: string, payload: string, key: KeyObject): string {
  const input = `${header}.${payload}`;
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
}

export function signParts(header: RawPart, payload: RawPart, key: KeyObject): string {
  return signEncoded(encodePart(header), encodePart(payload), key);
}

export type Part = 'header' | 'payload' | 'signature';

/** Changes one encoded part of a token, and keeps the others. */
export function withPart(token: string, part: Part, change: (encoded: string) => string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const parts = { header, payload, signature };
  parts[part] = change(parts[part]);
  return `${parts.header}.${parts.payload}.${parts.signature}`;
}
