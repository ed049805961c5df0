import { type Answer, failure, seeOther, success } from './answer.js';
import { CONSOLE_ACTIONS, type ConsoleAction, chosenAgent } from './console/console-actions.js';
import { ConsoleFeed } from './console/console-feed.js';
import { consolePage } from './console/console-page.js';
import { ConsoleView } from './console/console-view.js';
import { connectPage } from './console/connect-page.js';
import { noticePage } from './console/notice-page.js';
import { PageGuard } from './console/page-guard.js';
import { RecentActivity } from './console/recent-activity.js';
import type { Platform } from './platform.js';
import type { Route, RouteAnswer } from './route-table.js';
import { SandboxError } from './sandbox-error.js';
import type { SandboxRequest } from './sandbox-request.js';

/** How many lines of activity the console shows. */
const RECENT = 12;

/** The pages for people: the console, and the page on which an agent is connected. */
export function pageRoutes(platform: Platform, prefix: string): Route[] {
  const guard = new PageGuard(platform.options.host);
  const recent = new RecentActivity(RECENT);
  const view = new ConsoleView(platform, recent);
  const feed = new ConsoleFeed(view, recent, platform.activity);

  const route = (method: Route['method'], path: string, handle: Route['handle']): Route => ({
    method,
    path,
    handle: (request) =>
      orNotice(request, () => {
        guard.checkHost(request);
        if (method === 'POST') guard.checkOrigin(request);
        return handle(request);
      }),
  });
  const action = ([path, act]: [string, ConsoleAction]): Route =>
    route('POST', path, async (request) => {
      const fields = request.form();
      guard.checkToken(fields.get('token'));
      await act(platform, request.id, fields);
      return wantsJson(request) ? success({}) : seeOther('/');
    });

  return [
    route('GET', '/', () => consolePage(view.state(), platform.origin + prefix, guard.token)),
    route('GET', '/console/events', (request) => {
      guard.checkOrigin(request);
      return (response) => feed.open(response);
    }),
    ...Object.entries(CONSOLE_ACTIONS).map(action),
    route('GET', '/connect/:id', ({ id }) =>
      connectPage(platform.bindings.pending(id), platform.agents.list()),
    ),
    // No token is asked for: nobody else knows the id.
    route('POST', '/connect/:id', async (request) => {
      const fields = request.form();
      const { callbackUrl } = fields.has('decline')
        ? platform.declineBinding(request.id)
        : await platform.completeBinding(request.id, chosenAgent(platform, fields));
      return seeOther(callbackUrl);
    }),
  ];
}

/** A person in front of a browser gets a page instead of an envelope; a script gets the envelope. */
async function orNotice(
  request: SandboxRequest,
  work: () => RouteAnswer | Promise<RouteAnswer>,
): Promise<RouteAnswer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return refusal(request, error);
  }
}

function refusal(request: SandboxRequest, error: SandboxError): Answer {
  return wantsJson(request) ? failure(error) : noticePage(error);
}

function wantsJson(request: SandboxRequest): boolean {
  return request.header('accept') === 'application/json';
}
