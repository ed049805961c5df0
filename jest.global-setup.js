import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';

/** Makes the RSA key that all test files share (`test/support/shared-key.ts`): one takes longer than most tests. */
export default async function globalSetup() {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  process.env['TEST_SIGNING_KEY'] = privateKey.export({ type: 'pkcs8', format: 'pem' });
}
