import type { ServerResponse } from 'node:http';
import type { ActivityFeed } from './activity.js';
import { EventStream } from './event-stream.js';
import { StreamWaiters } from './stream-waiters.js';

/** The faults of an {@link EventChannel}; `lime.faults` sets them. */
export interface ChannelFaults {
  keepalivesPaused: boolean;
  /** How many of the next events it drops. */
  eventsToLose: number;
  /** How often it writes each event. */
  copies: number;
}

/** The open event streams of the site. */
export class EventChannel {
  readonly faults: ChannelFaults = { keepalivesPaused: false, eventsToLose: 0, copies: 1 };
  readonly waiters = new StreamWaiters(() => this.streams.length);
  private readonly streams: EventStream[] = [];
  private turn = 0;

  constructor(
    private readonly keepaliveMs: number,
    private readonly delivery: 'broadcast' | 'single',
    private readonly activity: ActivityFeed,
  ) {}

  get size(): number {
    return this.streams.length;
  }

  open(response: ServerResponse): void {
    const stream = new EventStream(
      response,
      this.keepaliveMs,
      () => this.faults.keepalivesPaused,
      (closed) => this.forget(closed),
    );
    this.streams.push(stream);
    this.activity.emit({ kind: 'stream-opened', openStreams: this.size });
    this.waiters.check();
  }

  /** Sends the outcome of a login request. Returns the number of streams that took it, frozen ones included. */
  deliver(requestId: string, event: object): number {
    const targets = this.targets();
    if (targets.length > 0 && this.faults.eventsToLose > 0) {
      this.faults.eventsToLose -= 1;
      this.activity.emit({ kind: 'dropped', requestId });
      return targets.length;
    }
    const frame = frameOf(event);
    for (const stream of targets) {
      for (let copy = 0; copy < this.faults.copies; copy += 1) stream.write(frame);
    }
    this.activity.emit({ kind: 'delivered', requestId, streams: targets.length });
    return targets.length;
  }

  /** Writes one frame to every open stream. Of the faults only a freeze applies. */
  send(frame: object | string | Uint8Array): number {
    const raw = typeof frame === 'string' || frame instanceof Uint8Array;
    const chunk = raw ? frame : frameOf(frame);
    for (const stream of this.streams) stream.write(chunk);
    return this.size;
  }

  endAll(): void {
    for (const stream of this.takeAll()) stream.end();
  }

  resetAll(): void {
    for (const stream of this.takeAll()) stream.reset();
  }

  freezeAll(): void {
    for (const stream of this.streams) stream.freeze();
  }

  thawAll(): void {
    for (const stream of this.streams) stream.thaw();
  }

  private targets(): readonly EventStream[] {
    if (this.delivery === 'broadcast' || this.streams.length === 0) return this.streams;
    const index = this.turn % this.streams.length;
    this.turn += 1;
    return this.streams.slice(index, index + 1);
  }

  /** Removes all streams at once, before their sockets close. */
  private takeAll(): EventStream[] {
    const all = this.streams.slice();
    for (const stream of all) this.forget(stream);
    return all;
  }

  private forget(stream: EventStream): void {
    const index = this.streams.indexOf(stream);
    if (index === -1) return;
    this.streams.splice(index, 1);
    this.activity.emit({ kind: 'stream-closed', openStreams: this.size });
  }
}

function frameOf(event: object): string {
  return `data: ${JSON.stringify(event)}\n\n`;
}
