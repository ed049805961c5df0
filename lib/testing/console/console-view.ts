import type { AgentProfile } from '../agent-registry.js';
import type { Platform } from '../platform.js';
import { actionButton, chip, clock } from './elements.js';
import { type Html, html } from './html.js';
import type { RecentActivity, RecentLine } from './recent-activity.js';
import { bindingRow, requestRow } from './rows.js';

/** The changing parts of the console page, by the ids of their elements. */
export interface ConsoleState {
  readonly parts: ReadonlyMap<string, Html>;
  /** The rows of each list by id, in order. */
  readonly lists: ReadonlyMap<string, ReadonlyMap<string, Html>>;
}

/** The number of login requests, and of bindings, on the page. */
const SHOWN = 100;

/** Renders the state of the platform. */
export class ConsoleView {
  constructor(
    private readonly platform: Platform,
    private readonly recent: RecentActivity,
  ) {}

  state(): ConsoleState {
    const { requests, bindings, agents, suspended } = this.platform;
    const known = agents.list();
    const names = new Map(known.map(({ agentId, displayName }) => [agentId, displayName]));
    return {
      parts: new Map([
        ['page-title', pageTitle(requests.pendingCount)],
        ['figures', this.figures()],
        ['requests-note', requestsNote(requests.total)],
        ['bindings-note', this.bindingsNote()],
        ['approve-agent', html`${known.map(agentOption)}`],
        ['site-control', siteControl(suspended)],
      ]),
      lists: new Map([
        [
          'requests',
          new Map(
            requests
              .newest(SHOWN)
              .map((request) => [
                request.id,
                requestRow(request, names.get(request.approval?.agentId ?? '')),
              ]),
          ),
        ],
        [
          'bindings',
          new Map(
            bindings
              .newest(SHOWN)
              .map((binding) => [
                binding.id,
                bindingRow(binding, names.get(binding.agentId ?? '')),
              ]),
          ),
        ],
        ['activity', new Map(this.recent.lines().map((line) => [line.id, activityRow(line)]))],
      ]),
    };
  }

  private bindingsNote(): Html {
    const { bindings, generation, options } = this.platform;
    if (generation.bindings === 'none') {
      return html`<strong>No bindings.</strong> LIME introduced them after ${options.platform}.`;
    }
    if (bindings.total > 0) return shownNote(bindings.total);
    return html`<strong>No bindings yet.</strong> They appear here when a site asks to be connected
      with an agent.`;
  }

  private figures(): Html {
    const { channel, requests, bindings, keys, suspended } = this.platform;
    return html`${[
      figure('Site', suspended ? chip('bad', 'Suspended') : chip('good', 'Active')),
      figure('Open streams', number(channel.size)),
      figure('Pending', number(requests.pendingCount)),
      figure('Requests', number(requests.total)),
      figure('Bindings', number(bindings.total)),
      figure('Public keys', number(keys.document().keys.length)),
    ]}`;
  }
}

function pageTitle(pending: number): Html {
  return html`${pending > 0 && `(${pending}) `}LIME sandbox`;
}

function figure(name: string, value: Html | string): Html {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`;
}

function requestsNote(total: number): Html {
  if (total === 0) {
    return html`<strong>No login requests yet.</strong> They appear here the moment a site creates
      one.`;
  }
  return shownNote(total);
}

function shownNote(total: number): Html {
  return html`${total > SHOWN && `The newest ${SHOWN} of ${number(total)}.`}`;
}

function agentOption({ agentId, displayName }: AgentProfile): Html {
  return html`<option value="${agentId}">${displayName}</option>`;
}

function siteControl(suspended: boolean): Html {
  return suspended
    ? actionButton('site-toggle', '/console/site/reinstate', 'Reinstate site', 'site-help')
    : actionButton('site-toggle', '/console/site/suspend', 'Suspend site', 'site-help');
}

function activityRow({ id, at, tone, text }: RecentLine): Html {
  return html`<li id="${id}" class="${tone}">${clock(at)}<span>${withShortIds(text)}</span></li>`;
}

/** Shortens ids: the first part identifies a request. */
function withShortIds(text: string): string {
  return text.replaceAll(/\b([\da-f]{8})(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g, '$1…');
}

function number(value: number): string {
  return value.toLocaleString('en');
}
