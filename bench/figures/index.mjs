import { approvedEvents } from './approved-events.mjs';
import { expiredEvents } from './expired-events.mjs';
import { forgedPassports } from './forged-passports.mjs';
import { guardedRoutes } from './guarded-routes.mjs';
import { idle } from './idle.mjs';
import { latency } from './latency.mjs';
import { loginRequests } from './login-requests.mjs';
import { memory } from './memory.mjs';
import { scaling } from './scaling.mjs';
import { startUp } from './start-up.mjs';
import { verification } from './verification.mjs';

/** In the order of the table. */
export const FIGURES = {
  expiredEvents,
  approvedEvents,
  latency,
  verification,
  guardedRoutes,
  loginRequests,
  memory,
  scaling,
  forgedPassports,
  startUp,
  idle,
};
