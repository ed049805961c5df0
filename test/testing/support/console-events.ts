import { type ClientRequest, get } from 'node:http';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';
import { until } from '../../support/until.js';

export interface ConsoleEvent {
  event: string;
  sandbox?: string;
  parts: Record<string, string>;
  lists: Record<string, { ids: string[]; rows: Record<string, string> }>;
  announcements: string[];
}

/** A client of the console's events, as its script is. */
export class ConsoleEvents {
  private text = '';

  private constructor(private readonly outgoing: ClientRequest) {}

  static open(lime: LimeSandbox): Promise<ConsoleEvents> {
    return new Promise((resolve, reject) => {
      const outgoing = get(`${lime.consoleUrl}console/events`, { agent: false }, (response) => {
        const events = new ConsoleEvents(outgoing);
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (events.text += chunk));
        response.on('error', () => undefined);
        resolve(events);
      });
      outgoing.on('error', reject);
    });
  }

  /** The complete events. */
  get all(): ConsoleEvent[] {
    return this.text
      .split('\n\n')
      .slice(0, -1)
      .map((frame) => /^event: (\w+)\ndata: (.+)$/m.exec(frame))
      .filter((match) => match !== null)
      .map(([, event, data]) => ({
        ...(JSON.parse(data ?? '') as ConsoleEvent),
        event: event ?? '',
      }));
  }

  /** Resolves with the event at this index. */
  async at(index: number): Promise<ConsoleEvent> {
    await until(() => this.all.length > index);
    return this.all[index] ?? { event: '', parts: {}, lists: {}, announcements: [] };
  }

  close(): void {
    this.outgoing.destroy();
  }
}
