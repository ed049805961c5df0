import type { LimeClusterHandling } from '../interfaces/cluster.interface.js';

/** Tells BullMQ that a try has failed. Its message ends up in Redis, so it holds only what is fit for a log. */
export class HandlersFailed extends Error {
  constructor(readonly failed: LimeClusterHandling['failed']) {
    super(failed.map(({ handler, reason }) => `${handler}: ${reason}`).join('; '));
    this.name = 'HandlersFailed';
  }
}
