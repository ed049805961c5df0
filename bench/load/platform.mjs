import { once } from 'node:events';
import { createServer } from 'node:http';

const CREATE = '/modules/agent-login/requests';
const EVENTS = '/modules/agent-login/events';
const KEYS = '/core/.well-known/jwks.json';

/** LIME, as quick as can be: it checks nothing and remembers nothing. */
export class Platform {
  keyFetches = 0;
  /** The connections on which an event stream was opened, the latest last. */
  streams = new Set();
  #keys;
  #server = createServer((request, response) => this.#answer(request, response));
  #waiting = [];

  constructor(keys) {
    this.#keys = JSON.stringify(keys);
  }

  /** @returns {Promise<string>} the base URL */
  async start() {
    this.#server.keepAliveTimeout = 0;
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** Resolves when so many streams are open. */
  async whenStreams(count) {
    while (this.streams.size !== count) await new Promise((resolve) => this.#waiting.push(resolve));
  }

  #answer(request, response) {
    request.resume();
    if (request.url === EVENTS) return this.#openStream(response);
    if (request.url === KEYS) {
      this.keyFetches++;
      return send(response, 200, this.#keys);
    }
    if (request.url !== CREATE) return send(response, 404, '{"ok":false,"error":{}}');
    request.on('end', () => {
      const data = {
        login_request_id: crypto.randomUUID(),
        status: 'PENDING',
        expires_at: new Date(Date.now() + 300_000).toISOString(),
      };
      send(response, 201, JSON.stringify({ ok: true, data }));
    });
  }

  #openStream(response) {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.flushHeaders();
    const { socket } = response;
    this.streams.add(socket);
    this.#tell();
    socket.on('close', () => {
      this.streams.delete(socket);
      this.#tell();
    });
  }

  #tell() {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

function send(response, status, json) {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(json),
  });
  response.end(json);
}
