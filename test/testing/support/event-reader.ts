import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';

export type Frame = Record<string, unknown>;

/** Reads an event stream of the sandbox with node:http, and keeps all of it. */
export class EventReader {
  text = '';
  /** The last characters of `text`: a search of all of it for each chunk is quadratic. */
  tail = '';
  chunks: Buffer[] = [];
  /** The end of the stream: `end`, or the code of the error. */
  readonly ended: Promise<string>;
  private readonly waiting = new Set<() => void>();

  private constructor(
    private readonly outgoing: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      const text = chunk.toString('utf8');
      this.text += text;
      this.tail = (this.tail + text).slice(-100);
      for (const check of this.waiting) check();
    });
    this.ended = new Promise((resolve) => {
      response.on('end', () => resolve('end'));
      response.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    });
  }

  static open(lime: LimeSandbox, headers: Record<string, string> = {}): Promise<EventReader> {
    return new Promise((resolve, reject) => {
      const outgoing = request(`${lime.baseUrl}/modules/agent-login/events`, {
        agent: false,
        headers: { 'x-site-token': lime.siteToken, accept: 'text/event-stream', ...headers },
      });
      outgoing.on('error', reject);
      outgoing.on('response', (response) => resolve(new EventReader(outgoing, response)));
      outgoing.end();
    });
  }

  get frames(): Frame[] {
    return this.text
      .split('\n\n')
      .filter((part) => part.startsWith('data: {') && part.endsWith('}'))
      .map((part): Frame => JSON.parse(part.slice('data: '.length)) as Frame);
  }

  /** Waits for this number of frames, and gives them. */
  async until(count: number): Promise<Frame[]> {
    await this.when(() => this.text.split('\n\n').length > count);
    return this.frames;
  }

  /** Waits until a condition on the received text is true. */
  when(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (!condition()) return;
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
      check();
    });
  }

  close(): void {
    this.outgoing.destroy();
  }
}
