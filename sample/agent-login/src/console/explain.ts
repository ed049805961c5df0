import { inspect } from 'node:util';
import { LimeError } from 'nestjs-lime-sites';
import { UsageError } from '../config/usage-error.js';

/** One sentence for an error that a person can correct, all details for a bug. */
export function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof LimeError) return error.message;
  const { code, port } = (error ?? {}) as { code?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use: end what listens there, or choose another one with npm start -- --port ${Number(port) + 1}.`;
  }
  if (code === 'EACCES')
    return `Port ${port} needs more rights: choose a port above 1023 with --port.`;
  return inspect(error);
}
