// The page of a pending login: follows its state over an event stream, and counts down to its expiry.
const TEXTS = {
  connecting: 'Reconnecting…',
  pending: 'Waiting for your agent',
  overdue: 'Time is up',
  approved: 'Approved. Signing you in…',
  expired: 'Expired',
  lost: 'Connection lost. Please reload this page',
};

const login = document.getElementById('login');
const state = document.getElementById('state');
const text = document.getElementById('state-text');
const remaining = document.getElementById('remaining');
const progress = document.getElementById('progress');

/** Between two attempts to reach a site that restarts, in milliseconds. */
const RETRY_MS = 1000;

let endsAt = Date.now() + Number(login.dataset.remainingMs);
let events;
const ticking = setInterval(tick, 250);
follow();

addEventListener('pagehide', () => events.close());

function follow() {
  events = new EventSource(login.dataset.events);
  events.addEventListener('message', ({ data }) => {
    const { status, remainingMs } = JSON.parse(data);
    if (remainingMs !== undefined) endsAt = Date.now() + remainingMs;
    show(status);
    if (status === 'pending') return tick();
    events.close();
    void goOn();
  });
  events.addEventListener('error', () => {
    show('connecting');
    // The browser reconnects by itself, but not after an answer such as the 502 of a proxy in front of a site that restarts.
    if (events.readyState === EventSource.CLOSED) void goOn();
  });
}

/**
 * Fetches the status, and does what it asks for. The answer of an approved login brings the cookie of the new session, unless another tab
 * has it already. The account then replaces the waiting page in the history.
 */
async function goOn() {
  const status = await fetchStatus();
  if (status === undefined) setTimeout(() => void goOn(), RETRY_MS);
  else if (status === 'pending') setTimeout(follow, RETRY_MS);
  else if (status === 'expired') location.reload();
  else if (status === 'approved' || state.dataset.state === 'approved')
    location.replace('/account');
  else {
    clearInterval(ticking);
    show('lost');
  }
}

/** The status of the login, or `lost` if the site does not know it. Without an answer of the site: `undefined`. */
async function fetchStatus() {
  try {
    const response = await fetch(login.dataset.stateUrl);
    const { status } = await response.json(); // the page of a proxy is not JSON
    if (response.ok) return status;
    return response.status === 404 ? 'lost' : undefined;
  } catch {
    return undefined;
  }
}

function show(status) {
  if (state.dataset.state === status) return;
  state.dataset.state = status;
  // A screen reader would read the same text again.
  if (text.textContent !== TEXTS[status]) text.textContent = TEXTS[status];
}

function tick() {
  const ms = Math.max(0, endsAt - Date.now());
  const seconds = Math.ceil(ms / 1000);
  remaining.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  progress.value = ms;
  if (ms === 0 && state.dataset.state === 'pending') show('overdue');
}
