// The least that reading events can be: node:http, eventsource-parser, JSON.parse; and node:crypto for a passport.
import { createPublicKey } from 'node:crypto';
import { get } from 'node:http';
import { createParser } from 'eventsource-parser';
import { Arrivals } from '../harness/arrivals.mjs';
import { readPassport } from '../harness/passports.mjs';

let key;
let arrivals;

export function open({ baseUrl, jwks }) {
  key = createPublicKey({ key: jwks.keys[0], format: 'jwk' });
  const parser = createParser({ onEvent });
  const decoder = new TextDecoder(); // as the parser's README does it
  const request = get(`${baseUrl}/modules/agent-login/events`, (response) => {
    response.on('data', (chunk) => parser.feed(decoder.decode(chunk, { stream: true })));
    response.on('error', () => undefined);
  });
  request.on('error', () => undefined);
}

export function expect({ count }) {
  globalThis.gc();
  arrivals = new Arrivals(count);
}

export const perSecond = () => arrivals.perSecond();
export const moments = () => arrivals.moments();

function onEvent({ data }) {
  const { type, agent_passport_jwt: passport } = JSON.parse(data);
  if (type === 'approved') readPassport(passport, key);
  arrivals.note();
}
