import { type Answer, htmlPage, seeOther } from './answer.js';
import { connectPage, homePage, noticePage } from './pages.js';
import type { Platform } from './platform.js';
import type { Route } from './route-table.js';
import { SandboxError } from './sandbox-error.js';

/** The pages for people: the front page, and the one on which an agent is connected. */
export function pageRoutes(platform: Platform, prefix: string): Route[] {
  return [
    {
      method: 'GET',
      path: '/',
      handle: () => htmlPage(homePage(platform.origin + prefix, platform.requests.list())),
    },
    {
      method: 'GET',
      path: '/connect/:id',
      handle: ({ id }) =>
        orNotice(() => {
          const { redirectUri } = platform.bindings.pending(id);
          return htmlPage(connectPage(redirectUri, platform.agent.displayName));
        }),
    },
    {
      method: 'POST',
      path: '/connect/:id',
      handle: ({ id }) =>
        orNotice(async () => {
          const { callbackUrl } = await platform.completeBinding(id, platform.agent);
          return seeOther(callbackUrl);
        }),
    },
  ];
}

/** A person in front of a browser gets a page instead of an envelope. */
async function orNotice(work: () => Answer | Promise<Answer>): Promise<Answer> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SandboxError)) throw error;
    const { message, httpStatus = 500 } = error;
    const title = httpStatus === 410 ? 'This connection is closed' : 'Not found';
    return htmlPage(noticePage(title, message), httpStatus);
  }
}
