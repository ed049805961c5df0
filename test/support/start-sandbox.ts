import { LimeSandbox, type LimeSandboxOptions } from 'nestjs-lime-sites/testing';
import { sharedKey } from './shared-key.js';

export function startSandbox(options: LimeSandboxOptions = {}): Promise<LimeSandbox> {
  return LimeSandbox.start({ signingKey: sharedKey, ...options });
}
