import { inspect } from 'node:util';
import { LimeError } from 'nestjs-lime-sites';
import { UsageError } from '../config/usage-error.js';

/** One sentence for what a person can put right, everything for what is a bug. */
export function explain(error: unknown): string {
  if (error instanceof UsageError || error instanceof LimeError) return error.message;
  const { code, port } = (error ?? {}) as { code?: string; port?: number };
  if (code === 'EADDRINUSE') {
    return `Port ${port} is in use: end what listens there, or choose another one with npm start -- --port ${Number(port) + 1}.`;
  }
  if (code === 'EACCES')
    return `Port ${port} is not for everybody: choose one above 1023 with --port.`;
  return inspect(error);
}
