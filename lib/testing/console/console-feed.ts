import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import type { ActivityFeed } from '../activity.js';
import { EventStream } from '../event-stream.js';
import type { ConsoleState, ConsoleView } from './console-view.js';
import type { Html } from './html.js';
import type { RecentActivity } from './recent-activity.js';

const KEEPALIVE_MS = 15_000;
/** A person sees a change after 40 ms as immediate: to render more often is a waste. */
const MIN_INTERVAL_MS = 40;
/** The feed drops a page that is this many changes behind. The page reconnects and gets a new snapshot. */
const MAX_BACKLOG = 50;
/** The delay before a page reconnects. */
const RETRY_MS = 1_000;
/** The number of lines that screen readers announce for one change. */
const ANNOUNCED = 3;

/** Sends changes to open console pages. Renders once for all of them, and only while a page is open. */
export class ConsoleFeed {
  /** Shows a page that another sandbox has taken over the port. */
  private readonly sandbox = randomUUID();
  private readonly pages = new Set<EventStream>();
  private shown: ConsoleState | undefined;
  private shownAt = 0;
  private announced = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly view: ConsoleView,
    private readonly recent: RecentActivity,
    activity: ActivityFeed,
  ) {
    activity.subscribe((event) => {
      recent.add(event);
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
    page.write(frameOf('snapshot', { sandbox: this.sandbox, ...everything, announcements: [] }));
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
        frameOf('change', { ...changeBetween(this.shown, state), announcements: this.newLines() }),
      );
    }
    this.shown = state;
    this.shownAt = performance.now();
    this.announced = this.recent.total;
    return state;
  }

  private publish(frame: string): void {
    for (const page of this.pages) {
      if (page.backlog < MAX_BACKLOG) page.write(frame);
      else page.reset();
    }
  }

  private newLines(): string[] {
    const count = Math.min(this.recent.total - this.announced, ANNOUNCED);
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

/** An update of an open page. */
interface ConsoleChange {
  readonly parts: Readonly<Record<string, string>>;
  /** Only changed lists: all ids in order, and the new or changed rows. */
  readonly lists: Readonly<
    Record<
      string,
      { readonly ids: readonly string[]; readonly rows: Readonly<Record<string, string>> }
    >
  >;
}

function changeBetween(before: ConsoleState | undefined, after: ConsoleState): ConsoleChange {
  const lists: [string, ConsoleChange['lists'][string]][] = [];
  for (const [id, rows] of after.lists) {
    const changed = differing(before?.lists.get(id), rows);
    // New rows replace old ones: without a new or changed row the list is the same.
    if (before && changed.length === 0) continue;
    lists.push([id, { ids: Array.from(rows.keys()), rows: Object.fromEntries(changed) }]);
  }
  return {
    parts: Object.fromEntries(differing(before?.parts, after.parts)),
    lists: Object.fromEntries(lists),
  };
}

function differing(
  before: ReadonlyMap<string, Html> | undefined,
  after: ReadonlyMap<string, Html>,
): [string, string][] {
  const changed: [string, string][] = [];
  for (const [id, { text }] of after) if (before?.get(id)?.text !== text) changed.push([id, text]);
  return changed;
}
