// The page of a login that waits: hears its state from the site, and counts down to its end.
const TEXTS = {
  connecting: 'Connecting again…',
  pending: 'Waiting for your agent',
  overdue: 'Time is up',
  approved: 'Approved. Signing you in…',
  expired: 'Expired',
  lost: 'Out of touch. Please reload this page',
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
  // Not one more step back: the way back leads to the page on which it began.
  if (status === 'approved') location.replace('/account');
  else location.reload();
});

events.addEventListener('error', () => {
  show(events.readyState === EventSource.CLOSED ? 'lost' : 'connecting');
});

addEventListener('pagehide', () => events.close());

function show(status) {
  if (state.dataset.state === status) return;
  state.dataset.state = status;
  // The same text again would be read out again.
  if (text.textContent !== TEXTS[status]) text.textContent = TEXTS[status];
}

function tick() {
  const ms = Math.max(0, endsAt - Date.now());
  const seconds = Math.ceil(ms / 1000);
  remaining.textContent = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  progress.value = ms;
  if (ms === 0 && state.dataset.state === 'pending') show('overdue');
}
