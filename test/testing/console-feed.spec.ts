import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { expect, it } from '@jest/globals';
import { useCleanup } from '../support/cleanup.js';
import { sharedKey } from '../support/shared-key.js';
import { ConsoleFeed } from '../../lib/testing/console/console-feed.js';
import { ConsoleView } from '../../lib/testing/console/console-view.js';
import { RecentActivity } from '../../lib/testing/console/recent-activity.js';
import { Platform } from '../../lib/testing/platform.js';
import { resolveSandboxOptions } from '../../lib/testing/sandbox-options.js';
import { SigningKeys } from '../../lib/testing/signing-keys.js';

/** A connection that does not read. */
class StalledSocket extends Socket {
  override _write(): void {}
  override resetAndDestroy(): this {
    return this.destroy();
  }
}

function stalledPage(): { socket: Socket; response: ServerResponse } {
  const socket = new StalledSocket();
  const response = new ServerResponse(new IncomingMessage(socket));
  response.assignSocket(socket);
  return { socket, response };
}

const close = useCleanup();

it('the feed drops a console page that does not read', async () => {
  const platform = new Platform(resolveSandboxOptions(), await SigningKeys.create(sharedKey));
  close(() => platform.stop());
  const recent = new RecentActivity(3);
  const feed = new ConsoleFeed(new ConsoleView(platform, recent), recent, platform.activity);
  // A new page gets a snapshot, and the pages before it get the changes.
  const come = (): Socket => {
    platform.createLoginRequest();
    const { socket, response } = stalledPage();
    close(() => socket.destroy());
    feed.open(response);
    return socket;
  };

  const first = come();
  for (let count = 0; count < 40; count += 1) come();
  expect(first.destroyed).toBe(false);
  for (let count = 0; count < 40; count += 1) come();
  expect(first.destroyed).toBe(true);
  expect(come().destroyed).toBe(false);
});
