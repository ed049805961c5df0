import { SandboxError } from './sandbox-error.js';

/** An HTTP answer, ready to write. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = 'application/json';

/** A JSON document as it is, without envelope. */
export function document(body: unknown, status = 200): Answer {
  return { status, headers: { 'content-type': JSON_TYPE }, body: JSON.stringify(body) };
}

/** The envelope of success. */
export function success(data: object, status = 200): Answer {
  return document({ ok: true, data }, status);
}

/** The envelope of failure. An error that is not a {@link SandboxError} becomes a 500. */
export function failure(error: unknown): Answer {
  const refusal =
    error instanceof SandboxError ? error : new SandboxError('INTERNAL_ERROR', String(error));
  const { code, message, detail, headers, httpStatus = 500 } = refusal;
  const answer = document({ ok: false, error: { code, message, detail } }, httpStatus);
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

/** Redirects the browser after it has posted a form. */
export function seeOther(location: string): Answer {
  return { status: 303, headers: { location, 'cache-control': 'no-store' }, body: '' };
}
