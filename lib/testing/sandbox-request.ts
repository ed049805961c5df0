import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { refusal } from './refusals.js';
import { SandboxError } from './sandbox-error.js';

const MAX_BODY_BYTES = 64 * 1024;

/** One request with its body. */
export class SandboxRequest {
  constructor(
    /** The variable part of the path; empty for a route without one. */
    readonly id: string,
    private readonly headers: IncomingHttpHeaders,
    private readonly body: string,
  ) {}

  /** @throws SandboxError 413 `PAYLOAD_TOO_LARGE` for a body over 64 KiB. */
  static async read(message: IncomingMessage, id: string): Promise<SandboxRequest> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of message as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // Discards the rest of the body, so that the client gets the answer.
      if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    }
    if (bytes > MAX_BODY_BYTES) {
      throw new SandboxError('PAYLOAD_TOO_LARGE', 'The body is over 64 KiB.', { httpStatus: 413 });
    }
    return new SandboxRequest(id, message.headers, Buffer.concat(chunks).toString('utf8'));
  }

  /** A header's value, trimmed; undefined when it is absent or blank. */
  header(name: string): string | undefined {
    const value = this.headers[name];
    return (Array.isArray(value) ? value.join(', ') : value)?.trim() || undefined;
  }

  /** The body as the fields of a form. */
  form(): URLSearchParams {
    return new URLSearchParams(this.body);
  }

  /**
   * The body as an object; an empty body is an empty object.
   * @throws SandboxError 400 `INVALID_JSON`, or 400 `VALIDATION_ERROR` for JSON that is not an object.
   */
  json(): Readonly<Record<string, unknown>> {
    if (this.body.trim() === '') return {};
    let value: unknown;
    try {
      value = JSON.parse(this.body);
    } catch (cause) {
      throw refusal('INVALID_JSON', undefined, { cause });
    }
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
    throw refusal('VALIDATION_ERROR', 'The body must be a JSON object.');
  }
}
