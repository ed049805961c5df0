import { type IncomingMessage, request as send, type ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';

/** Passes a request on to a port of loopback and its answer back, streams included. */
export function passOn(
  port: number,
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): void {
  const { method = 'GET', url: path = '/', headers } = request;
  const passed = Object.entries(headers).filter(([name]) => !name.startsWith(':'));
  const upstream = send({ port, method, path, headers: Object.fromEntries(passed) }, (answer) => {
    const type = answer.headers['content-type'] ?? 'text/plain';
    response.writeHead(answer.statusCode ?? 500, { 'content-type': type });
    answer.on('error', () => response.destroy()).pipe(response);
  });
  upstream.on('error', () => response.destroy());
  response.on('close', () => upstream.destroy());
  request.pipe(upstream);
}
