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

let endsAt = Date.now() + Number(login.dataset.remainingMs);
const events = new EventSource(login.dataset.events);
const ticking = setInterval(tick, 250);

events.addEventListener('message', ({ data }) => {
  const { status, remainingMs } = JSON.parse(data);
  if (remainingMs !== undefined) endsAt = Date.now() + remainingMs;
  show(status);
  if (status === 'pending') return tick();
  events.close();
  clearInterval(ticking);
  if (status === 'approved') void enter();
  else location.reload();
});

events.addEventListener('error', () => {
  if (events.readyState === EventSource.CLOSED) void enter();
  else show('connecting');
});

addEventListener('pagehide', () => events.close());

/**
 * Fetches the state. The answer brings the cookie of the new session, unless another tab has it already. The account then
 * replaces the waiting page in the history.
 */
async function enter() {
  const approved = await fetch(login.dataset.stateUrl).then(
    async (response) => response.ok && (await response.json()).status === 'approved',
    () => false,
  );
  if (approved || state.dataset.state === 'approved') location.replace('/account');
  else show('lost');
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
