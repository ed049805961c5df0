import { StringDecoder } from 'node:string_decoder';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { LimeError } from '../errors/index.js';
import { LastEventId } from './last-event-id.js';

/** What the bytes of a stream turn into. */
export interface FrameSink {
  /** The data of one event, its lines joined by line feeds. */
  onData(data: string): void;
  /** A comment: proxies and platforms send them to keep a line alive. */
  onComment(): void;
  /** The server's wish for the time between two connections, in milliseconds. */
  onRetry(ms: number): void;
  /** What to send back as `Last-Event-ID`. Empty takes it back. Told after the events of the same chunk. */
  onLastEventId(id: string): void;
}

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Turns the bytes of one connection into frames (WHATWG HTML, section 9.2.6 "Interpreting an event stream").
 * One instance reads one connection: what an earlier one left unfinished must not leak into the next.
 */
export class FrameReader {
  readonly #maxFrameBytes: number;
  readonly #parser: EventSourceParser;
  readonly #lastEventId: LastEventId;
  /** Six times as fast as a `TextDecoder` that streams. Keeps byte order marks: only the first one may be skipped. */
  readonly #decoder = new StringDecoder('utf8');
  #atStart = true;
  #afterCarriageReturn = false;
  #tooLong = false;

  constructor(sink: FrameSink, maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
    this.#parser = createParser({
      maxBufferSize: maxFrameBytes,
      onEvent: ({ data }) => {
        if (data.length > maxFrameBytes) this.#tooLong = true;
        else if (data !== '') sink.onData(data);
      },
      onRetry: (ms) => sink.onRetry(ms),
      onComment: () => sink.onComment(),
      onError: (error) => {
        if (error.type === 'max-buffer-size-exceeded') this.#tooLong = true;
      },
    });
    this.#lastEventId = new LastEventId((id) => sink.onLastEventId(id));
  }

  /** @throws {LimeError} `FRAME_TOO_LARGE`; the reader is of no further use then. */
  feed(chunk: Uint8Array): void {
    const text = this.#unifyLineEnds(this.#skipFirstMark(this.#decoder.write(chunk)));
    this.#parser.feed(text);
    this.#lastEventId.feed(text);
    if (this.#tooLong) {
      throw new LimeError(
        'FRAME_TOO_LARGE',
        `the event stream sent a frame or line of more than ${this.#maxFrameBytes} bytes (maxFrameBytes)`,
      );
    }
  }

  #skipFirstMark(text: string): string {
    if (!this.#atStart || text === '') return text;
    this.#atStart = false;
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  }

  /**
   * Makes every line end a line feed. The parser would hold a line that ends in a carriage return back until the next
   * chunk tells whether a line feed follows, and the next chunk may be minutes away.
   */
  #unifyLineEnds(text: string): string {
    const fresh = this.#afterCarriageReturn && text.startsWith('\n') ? text.slice(1) : text;
    this.#afterCarriageReturn = text.endsWith('\r');
    return fresh.includes('\r') ? fresh.replaceAll(/\r\n?/g, '\n') : fresh;
  }
}
