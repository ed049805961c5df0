import { connect } from 'node:net';
import type { Sample } from './use-sample.js';

/** A client with one cookie, as browsers have it. It does not follow redirects. */
export class HttpClient {
  constructor(
    private readonly sample: Sample,
    public cookie = '',
  ) {}

  async send(method: 'GET' | 'POST', path: string): Promise<Response> {
    const { url } = this.sample;
    const response = await fetch(new URL(path, url), {
      method,
      redirect: 'manual',
      headers: { cookie: this.cookie, accept: 'text/html' },
    });
    const [sent] = response.headers.getSetCookie();
    if (sent !== undefined) this.cookie = sent.split(';')[0] ?? '';
    return response;
  }

  /** Gives the id of the login request. */
  async startLogin(): Promise<string> {
    const response = await this.send('POST', '/login');
    return response.headers.get('location')?.split('/').at(-1) ?? '';
  }

  /** The whole login, as the waiting page does it. */
  async logIn(userId: string): Promise<void> {
    const requestId = await this.startLogin();
    await this.approve(requestId, userId);
    await this.send('GET', `/login/${requestId}`);
  }

  /** Approves as an agent of this user. Resolves when the site has received it. */
  async approve(requestId: string, userId: string): Promise<void> {
    await this.sample.lime.approve(requestId, { user_id: userId });
    await this.sample.outcome(requestId);
  }

  /** The user whose account the client sees, if it is signed in. */
  async account(): Promise<string | undefined> {
    const page = await (await this.send('GET', '/account')).text();
    return /id="user-id">([^<]+)/.exec(page)?.[1];
  }

  /** Sends several `POST /login` in one packet. Gives a client for each answer, with the id of its login. */
  async startLoginsAtOnce(count: number): Promise<{ client: HttpClient; requestId: string }[]> {
    const { hostname, port, host } = new URL(this.sample.url);
    const head = `POST /login HTTP/1.1\r\nHost: ${host}\r\nCookie: ${this.cookie}\r\n`;
    const socket = connect(Number(port), hostname);
    socket.write(`${head}\r\n`.repeat(count - 1) + `${head}Connection: close\r\n\r\n`);
    let answers = '';
    for await (const chunk of socket) answers += String(chunk);
    return [...answers.matchAll(/HTTP\/1\.1 303[^]*?\r\n\r\n/g)].map(([headers]) => ({
      client: new HttpClient(this.sample, /set-cookie: ([^;]+)/i.exec(headers)?.[1]),
      requestId: /location: \/login\/(\S+)/i.exec(headers)?.[1] ?? '',
    }));
  }
}
