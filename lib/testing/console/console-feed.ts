import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ActivityFeed } from '../activity-feed.js';
import { EventStream } from '../event-stream.js';
import { type ConsoleState, changeBetween } from './console-state.js';
import type { ConsoleView } from './console-view.js';
import type { RecentActivity } from './recent-activity.js';

const KEEPALIVE_MS = 15_000;
/** Drawing takes about a millisecond; more often than this nobody can see. */
const MIN_INTERVAL_MS = 40;
/** A page that is so many changes behind is let go; it comes back by itself and starts afresh. */
const MAX_BACKLOG = 50;
/** How long a page waits before it comes back. */
const RETRY_MS = 1_000;
/** So many lines of one change are read out. */
const SPOKEN = 3;

/** Tells open console pages what changes. Draws once for all of them, and not at all while there is none. */
export class ConsoleFeed {
  /** Lets a page notice that it talks to another sandbox than the one it came from. */
  private readonly sandbox = randomUUID();
  private readonly pages = new Set<EventStream>();
  private shown: ConsoleState | undefined;
  private shownAt = 0;
  private told = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly view: ConsoleView,
    private readonly recent: RecentActivity,
    activity: ActivityFeed,
  ) {
    activity.subscribe((happened) => {
      recent.add(happened);
      if (this.pages.size > 0) this.schedule();
    });
  }

  open(response: ServerResponse): void {
    const state = this.update();
    const page = new EventStream(
      response,
      KEEPALIVE_MS,
      () => false,
      (closed) => this.forget(closed),
    );
    this.pages.add(page);
    const everything = changeBetween(undefined, state);
    page.write(`retry: ${RETRY_MS}\n`);
    page.write(frameOf('snapshot', { sandbox: this.sandbox, ...everything, said: [] }));
  }

  private forget(page: EventStream): void {
    this.pages.delete(page);
    if (this.pages.size > 0) return;
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(): void {
    const wait = this.shownAt + MIN_INTERVAL_MS - performance.now();
    this.timer ??= setTimeout(() => this.update(), Math.max(0, wait));
  }

  private update(): ConsoleState {
    clearTimeout(this.timer);
    this.timer = undefined;
    const state = this.view.state();
    if (this.pages.size > 0) {
      this.publish(
        frameOf('change', { ...changeBetween(this.shown, state), said: this.newLines() }),
      );
    }
    this.shown = state;
    this.shownAt = performance.now();
    this.told = this.recent.total;
    return state;
  }

  private publish(frame: string): void {
    for (const page of this.pages) {
      if (page.backlog < MAX_BACKLOG) page.write(frame);
      else page.reset();
    }
  }

  private newLines(): string[] {
    const count = Math.min(this.recent.total - this.told, SPOKEN);
    return this.recent
      .lines()
      .slice(0, count)
      .toReversed()
      .map(({ text }) => text);
  }
}

function frameOf(event: string, data: object): string {
  return `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
