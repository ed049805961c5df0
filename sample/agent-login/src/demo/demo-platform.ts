import { LimeSandbox, type SandboxActivity } from 'nestjs-lime-sites/testing';
import type { Story } from '../console/story.js';

/** The difficulty of the real platform. */
const POW_DIFFICULTY = 15;

/** Starts LIME in this process, adds its activity to the story, and sets the environment variables of the site. */
export async function startDemoPlatform(story: Story): Promise<LimeSandbox> {
  const lime = await LimeSandbox.start({ powDifficulty: POW_DIFFICULTY });
  lime.onActivity((activity) => {
    const line = lineOf(activity);
    if (line) story.add('LIME', line);
  });
  story.add('LIME', `Sandbox started at ${lime.baseUrl}`);
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
    const sent = activity.streams > 0;
    return sent
      ? "Event sent over the site's event stream"
      : 'No stream is open: the event is lost';
  }
  return kind === 'expired' ? `Login request ${activity.requestId} expired` : undefined;
}
