import type { ServerResponse } from 'node:http';
import type { Answer } from './answer.js';
import type { SandboxTarget } from './call-log.js';
import { SandboxError } from './sandbox-error.js';
import type { SandboxRequest } from './sandbox-request.js';

/** Takes over the response and keeps it open. */
export type OpenStream = (response: ServerResponse) => void;

export type RouteAnswer = Answer | OpenStream;

/** One call of the protocol, or one page. */
export interface Route {
  readonly method: 'GET' | 'POST';
  /** The whole path; `:id` stands for one segment. */
  readonly path: string;
  /** The name of the call for faults and counts. */
  readonly target?: SandboxTarget;
  readonly handle: (request: SandboxRequest) => RouteAnswer | Promise<RouteAnswer>;
}

/** A matching route, and the segment of the path in place of `:id`. */
export interface RouteMatch {
  readonly route: Route;
  readonly id: string;
}

/** Matches requests to routes. */
export class RouteTable {
  private readonly routes: readonly { route: Route; segments: readonly string[] }[];

  constructor(routes: readonly Route[]) {
    this.routes = routes.map((route) => ({ route, segments: route.path.split('/') }));
  }

  /** The route, or the refusal to answer with: 404 `NOT_FOUND`, 405 `METHOD_NOT_ALLOWED`. */
  find(method: string, path: string): RouteMatch | SandboxError {
    const wanted = path.split('/');
    const allowed: string[] = [];
    for (const { route, segments } of this.routes) {
      const id = matchSegments(segments, wanted);
      if (id === undefined) continue;
      if (route.method === method) return { route, id };
      allowed.push(route.method);
    }
    if (allowed.length === 0) {
      return new SandboxError('NOT_FOUND', `${path} does not exist.`, { httpStatus: 404 });
    }
    return new SandboxError('METHOD_NOT_ALLOWED', `${method} is not allowed at ${path}.`, {
      httpStatus: 405,
      headers: { allow: allowed.join(', ') },
    });
  }
}

function matchSegments(segments: readonly string[], wanted: readonly string[]): string | undefined {
  if (segments.length !== wanted.length) return undefined;
  let id = '';
  for (const [index, segment] of segments.entries()) {
    const part = wanted[index] ?? '';
    if (segment !== ':id') {
      if (segment !== part) return undefined;
    } else {
      if (part === '') return undefined;
      id = decode(part);
    }
  }
  return id;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
