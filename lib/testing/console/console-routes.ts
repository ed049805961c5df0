import type { AgentProfile } from '../agent-registry.js';
import { failure, seeOther, success } from '../answer.js';
import type { Platform } from '../platform.js';
import type { Route, RouteAnswer } from '../route-table.js';
import { SandboxError } from '../sandbox-error.js';
import type { SandboxRequest } from '../sandbox-request.js';
import { connectPage } from './connect-page.js';
import { ConsoleFeed } from './console-feed.js';
import { consolePage } from './console-page.js';
import { ConsoleView } from './console-view.js';
import { PageGuard } from './page-guard.js';
import { noticePage } from './page.js';
import { RecentActivity } from './recent-activity.js';

/** The number of activity lines on the console. */
const RECENT = 12;

/** The action of a console button. `fields` are those of its form. */
type ConsoleAction = (platform: Platform, id: string, fields: URLSearchParams) => unknown;

/** The buttons, by path. */
const CONSOLE_ACTIONS: Readonly<Record<string, ConsoleAction>> = {
  '/console/requests': (platform) => platform.createLoginRequest(),
  '/console/requests/:id/approve': (platform, id, fields) =>
    platform.approve(id, chosenAgent(platform, fields)),
  '/console/requests/:id/expire': (platform, id) => platform.expire(id),
  '/console/streams/drop': (platform) => platform.faults.dropStreams(),
  '/console/keys/rotate': (platform) => platform.rotateKeys(true),
  '/console/keys/replace': (platform) => platform.rotateKeys(false),
  '/console/site/suspend': (platform) => platform.suspendSite(true),
  '/console/site/reinstate': (platform) => platform.suspendSite(false),
};

/** The pages for people: the console, and the connect page of a binding. */
export function pageRoutes(platform: Platform, prefix: string): Route[] {
  const guard = new PageGuard(platform.options.host);
  const recent = new RecentActivity(RECENT);
  const view = new ConsoleView(platform, recent);
  const feed = new ConsoleFeed(view, recent, platform.activity);

  const facts = () => ({
    baseUrl: platform.origin + prefix,
    platform: platform.options.platform,
    token: guard.token,
  });
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
    route('GET', '/', () => consolePage(view.state(), facts())),
    route('GET', '/console/events', (request) => {
      guard.checkOrigin(request);
      return (response) => feed.open(response);
    }),
    ...Object.entries(CONSOLE_ACTIONS).map(action),
    route('GET', '/connect/:id', ({ id }) =>
      connectPage(platform.bindings.pending(id), platform.agents.list()),
    ),
    // The id in the path is a secret, and replaces the token of the page.
    route('POST', '/connect/:id', async (request) => {
      const fields = request.form();
      const { callbackUrl } = fields.has('decline')
        ? platform.declineBinding(request.id)
        : await platform.completeBinding(request.id, chosenAgent(platform, fields));
      return seeOther(callbackUrl);
    }),
  ];
}

/** Answers a refusal with a page for a person, or with the envelope for a script. */
async function orNotice(
  request: SandboxRequest,
  work: () => RouteAnswer | Promise<RouteAnswer>,
): Promise<RouteAnswer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    return wantsJson(request) ? failure(error) : noticePage(error);
  }
}

function wantsJson(request: SandboxRequest): boolean {
  return request.header('accept') === 'application/json';
}

/** @throws SandboxError 404 `AGENT_NOT_FOUND`. */
function chosenAgent(platform: Platform, fields: URLSearchParams): AgentProfile {
  const agentId = fields.get('agent');
  return agentId === null ? platform.agent : platform.agents.get(agentId);
}
