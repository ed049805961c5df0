import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

const KEEPALIVE = 'data: {"type":"keepalive"}\n\n';

/** One open event stream, with back-pressure: it queues chunks for a slow reader. */
export class EventStream {
  /** Queued chunks, from `next` on; shifting an array of thousands would be quadratic. */
  private pending: (string | Uint8Array)[] = [];
  private next = 0;
  private blocked = false;
  private frozen = false;
  private readonly socket: Socket | null;
  private readonly keepalive: NodeJS.Timeout | undefined;

  constructor(
    private readonly response: ServerResponse,
    keepaliveMs: number,
    private readonly keepalivesPaused: () => boolean,
    onClose: (stream: EventStream) => void,
  ) {
    this.socket = response.socket;
    response.on('drain', () => this.unblock());
    response.on('error', () => this.reset());
    const close = () => {
      clearInterval(this.keepalive);
      this.pending = [];
      onClose(this);
    };
    response.once('close', close);
    // The response closes a few turns later, when the client may have opened its next stream already.
    this.socket?.once('end', close);
    response.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
    });
    response.flushHeaders();
    if (keepaliveMs > 0) this.keepalive = setInterval(() => this.sendKeepalive(), keepaliveMs);
  }

  /** How many chunks are queued. */
  get backlog(): number {
    return this.pending.length - this.next;
  }

  write(chunk: string | Uint8Array): void {
    if (this.blocked || this.frozen) this.pending.push(chunk);
    else this.blocked = !this.response.write(chunk);
  }

  /** Half-open: stops writing and keeps the connection. */
  freeze(): void {
    this.frozen = true;
  }

  /** Writes the queued chunks, as a recovered network does. */
  thaw(): void {
    this.frozen = false;
    if (!this.blocked) this.flush();
  }

  /** Ends cleanly: earlier chunks still arrive, unless the stream is frozen. */
  end(): void {
    if (!this.frozen) while (this.next < this.pending.length) this.flush();
    clearInterval(this.keepalive);
    this.response.end(() => this.socket?.end());
  }

  /** Resets the connection (RST). */
  reset(): void {
    clearInterval(this.keepalive);
    this.socket?.resetAndDestroy();
  }

  private sendKeepalive(): void {
    // A slow reader must not get hundreds of keepalives at once later.
    if (!this.blocked && !this.frozen && !this.keepalivesPaused()) this.write(KEEPALIVE);
  }

  private unblock(): void {
    this.blocked = false;
    if (!this.frozen) this.flush();
  }

  /** Writes until the socket's buffer is full. */
  private flush(): void {
    this.blocked = false;
    while (!this.blocked && this.next < this.pending.length) {
      this.blocked = !this.response.write(this.pending[this.next] ?? '');
      this.next += 1;
    }
    if (this.next < this.pending.length) return;
    this.pending = [];
    this.next = 0;
  }
}
