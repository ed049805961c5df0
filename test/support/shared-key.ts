import { createPrivateKey } from 'node:crypto';

/** The RSA key of every sandbox, unless a test is about keys. `jest.global-setup.js` makes a new one for each run. */
export const sharedKey = createPrivateKey(process.env['TEST_SIGNING_KEY'] ?? '');
