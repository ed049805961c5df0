import { LimeSandbox, type SandboxActivity } from 'nestjs-lime-sites/testing';
import type { Story } from '../console/story.js';

/** As hard as on the real platform. */
const POW_DIFFICULTY = 15;

/** Starts LIME in this process, lets it tell its part of the story, and points the environment at it. */
export async function startDemoPlatform(story: Story): Promise<LimeSandbox> {
  const lime = await LimeSandbox.start({ powDifficulty: POW_DIFFICULTY });
  lime.onActivity((activity) => {
    const line = lineOf(activity);
    if (line) story.tell('LIME', line);
  });
  story.tell('LIME', `Sandbox started at ${lime.baseUrl}`);
  Object.assign(process.env, lime.env());
  return lime;
}

function lineOf(activity: SandboxActivity): string | undefined {
  const { kind } = activity;
  if (kind === 'request-created') return `Login request ${activity.requestId} created`;
  if (kind === 'approved') {
    return `Proof of work accepted (${POW_DIFFICULTY} bits), ${activity.agentName} approved, passport signed`;
  }
  if (kind === 'delivered') {
    const heard = activity.streams > 0;
    return heard ? "Event sent over the site's event stream" : 'Nobody listens: the event is lost';
  }
  return kind === 'expired' ? `Login request ${activity.requestId} expired` : undefined;
}
