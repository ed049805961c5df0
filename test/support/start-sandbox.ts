import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import { LimeSandbox, type LimeSandboxOptions } from 'nestjs-lime-sites/testing';

/** One key for all sandboxes of a test file: to make a key takes longer than most tests. */
const key = promisify(generateKeyPair)('rsa', { modulusLength: 2048 });

export async function startSandbox(options: LimeSandboxOptions = {}): Promise<LimeSandbox> {
  const { privateKey } = await key;
  return LimeSandbox.start({ signingKey: privateKey, ...options });
}
