import type { LimeLogger } from '../common/logger.js';
import type { LimeStats } from '../interfaces/stats.interface.js';

export interface ApprovedFrame {
  readonly type: 'approved';
  readonly requestId: string;
  readonly passport: string;
}

export interface ExpiredFrame {
  readonly type: 'expired';
  readonly requestId: string;
}

/** One frame of the event stream (LIME). */
export type LoginFrame =
  | ApprovedFrame
  | ExpiredFrame
  | { readonly type: 'keepalive' }
  | { readonly type: 'error'; readonly code: string; readonly message: string }
  /** A type that this module does not know. */
  | { readonly type: 'unknown'; readonly name: string }
  /** A frame that LIME cannot have meant; `reason` holds no secret. */
  | { readonly type: 'unreadable'; readonly reason: string };

/** Decodes the JSON text of a frame. Never throws: a bad frame must not cost the good ones behind it. */
export function decodeLoginFrame(data: string): LoginFrame {
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    return unreadable(`${data.length} characters that are not JSON`);
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
    return unreadable('JSON that is not an object');
  }
  return classify(frame as Record<string, unknown>);
}

function classify(frame: Record<string, unknown>): LoginFrame {
  const { type, login_request_id: requestId, agent_passport_jwt: passport } = frame;
  switch (type) {
    case 'keepalive':
      return { type };
    case 'error':
      return {
        type,
        code: textOr(frame['code'], 'no code'),
        message: textOr(frame['message'], ''),
      };
    case 'approved':
      if (!isText(requestId)) return unreadable('approved without a usable login_request_id');
      if (!isText(passport)) return unreadable(`approved without a passport for ${requestId}`);
      return { type, requestId, passport };
    case 'expired':
      if (!isText(requestId)) return unreadable('expired without a usable login_request_id');
      return { type, requestId };
    default:
      return isText(type)
        ? { type: 'unknown', name: type }
        : unreadable('an object without a type');
  }
}

function unreadable(reason: string): LoginFrame {
  return { type: 'unreadable', reason };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function textOr(value: unknown, fallback: string): string {
  return isText(value) ? value : fallback;
}

/** A platform that invents frame types could otherwise fill the memory with their names. */
const MAX_UNKNOWN_TYPES = 50;
const MAX_NAME_LENGTH = 100;

/** Counts and logs the frames that carry no outcome. */
export class FrameReporter {
  readonly #stats: LimeStats;
  readonly #logger: LimeLogger;
  readonly #unknownTypes = new Set<string>();

  constructor({ stats, logger }: { stats: LimeStats; logger: LimeLogger }) {
    this.#stats = stats;
    this.#logger = logger;
  }

  report(frame: Extract<LoginFrame, { type: 'error' | 'unreadable' | 'unknown' }>): void {
    switch (frame.type) {
      case 'error':
        this.#logger.warn(
          `LIME reports an error on the event stream: ${frame.code} ${frame.message}`,
        );
        break;
      case 'unreadable':
        this.#stats.skipped++;
        this.#logger.warn(`Skipped a frame of the event stream: ${frame.reason}`);
        break;
      case 'unknown':
        this.#stats.skipped++;
        this.#warnOnce(frame.name.slice(0, MAX_NAME_LENGTH));
        break;
    }
  }

  #warnOnce(type: string): void {
    const known = this.#unknownTypes;
    if (known.has(type) || known.size >= MAX_UNKNOWN_TYPES) return;
    known.add(type);
    this.#logger.warn(
      `Skipped a frame of the event stream: unknown type ${type} (further ones are not logged)`,
    );
  }
}
