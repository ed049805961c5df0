import { type IncomingMessage, request } from 'node:http';
import type { LimeSandbox } from 'nestjs-lime-sites/testing';

/** A client of the console, as its own page is. */
export class ConsoleClient {
  private token: string | undefined;

  constructor(private readonly lime: LimeSandbox) {}

  async page(headers: Record<string, string> = {}): Promise<{ response: Response; html: string }> {
    const response = await fetch(this.lime.consoleUrl, { headers });
    return { response, html: await response.text() };
  }

  /** Presses a button: posts to `path` with the token of the page, unless the fields bring another one. */
  async press(
    path: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Response> {
    this.token ??= /name="token" value="([^"]+)"/.exec((await this.page()).html)?.[1] ?? '';
    return fetch(new URL(path, this.lime.consoleUrl), {
      method: 'POST',
      headers: { accept: 'application/json', ...headers },
      body: new URLSearchParams({ token: this.token, ...fields }),
      redirect: 'manual',
    });
  }

  /** The status of the front page under another host name. fetch cannot set the Host header. */
  statusUnder(host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        this.lime.consoleUrl,
        { agent: false, headers: { host } },
        (response: IncomingMessage) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
  }
}
