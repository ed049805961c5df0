import { LimeError } from '../errors/index.js';

/** What a client gets. The messages are generic: reasons are for logs. */
const REFUSALS = {
  missing_token: { status: 401, message: 'A passport is required' },
  invalid_token: { status: 401, message: 'The passport is not valid here' },
  invalid_request: {
    status: 400,
    message: 'The request must carry exactly one passport, and say what it is for',
  },
  access_denied: { status: 403, message: 'The passport does not meet the rules of this route' },
  keys_unavailable: {
    status: 503,
    message: 'The passport cannot be verified at the moment; try again',
  },
  cluster_unavailable: {
    status: 503,
    message: 'Whose login the passport is for cannot be looked up at the moment; try again',
  },
  lime_unavailable: {
    status: 503,
    message: 'The binding code cannot be exchanged at the moment; try again',
  },
} as const;

/** The code of a refusal that clients get; stable. */
export type PassportRefusalCode = keyof typeof REFUSALS;

/** Why a guard does not let a request in: a code and words for the client, and the reason in `cause`. */
export class PassportRefusal extends LimeError {
  declare readonly code: PassportRefusalCode;
  declare readonly httpStatus: number;

  constructor(code: PassportRefusalCode, cause?: unknown) {
    const { status, message } = REFUSALS[code];
    super(code, message, { httpStatus: status, cause });
  }

  /** The value of `WWW-Authenticate` (RFC 6750 section 3), if this is a matter of authentication. */
  get challenge(): string | undefined {
    switch (this.httpStatus) {
      case 401:
        // No error code for a request without a token (RFC 6750 section 3.1).
        return this.code === 'missing_token' ? 'Bearer' : `Bearer error="${this.code}"`;
      case 400:
        return 'Bearer error="invalid_request"';
      case 403:
        return 'Bearer error="insufficient_scope"';
      default:
        return undefined;
    }
  }
}
