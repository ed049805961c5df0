import { Injectable } from '@nestjs/common';
import { type LimeHandlerContext, type LimeLoginEvent, OnLimeLogin } from 'nestjs-lime-sites';

/** A handler that records its events. */
@Injectable()
export class RecordingHandler {
  readonly events: LimeLoginEvent[] = [];

  @OnLimeLogin()
  record(event: LimeLoginEvent, _context: LimeHandlerContext): void {
    this.events.push(event);
  }

  get requestIds(): string[] {
    return this.events.map(({ requestId }) => requestId);
  }
}
