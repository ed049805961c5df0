import type { LimeLogger } from '../common/logger.js';
import type { LimeStats } from '../interfaces/stats.interface.js';
import type { LoginFrame } from './login-frame.js';

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
