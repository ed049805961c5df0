import { createPrivateKey, createPublicKey } from 'node:crypto';

/** The RSA key of every sandbox, unless a test is about keys. `jest.global-setup.js` makes a new one for each run. */
export const sharedKey = createPrivateKey(process.env['TEST_SIGNING_KEY'] ?? '');

/** A JWKS for servers that have to answer with one. */
export const someJwks = JSON.stringify({
  keys: [
    {
      ...createPublicKey(sharedKey).export({ format: 'jwk' }),
      kid: 'some',
      alg: 'RS256',
      use: 'sig',
    },
  ],
});
