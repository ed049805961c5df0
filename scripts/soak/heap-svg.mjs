const WIDTH = 960;
const HEIGHT = 420;
const LEFT = 70;
const RIGHT = 24;
const TOP = 64;
const BOTTOM = 60;

/**
 * The heap over time as a picture.
 * @param {import('./heap.mjs').HeapSamples} heap
 * @param {string} subtitle
 */
export function heapSvg({ samples, trend, longEnough }, subtitle) {
  const seconds = samples.at(-1)?.seconds ?? 1;
  const inMinutes = seconds > 180;
  const unit = inMinutes ? 60 : 1;
  const xStep = niceStep(seconds / unit / 8);
  const yStep = niceStep(Math.max(...samples.map(({ mb }) => mb)) / 5);
  const xMost = seconds / unit;
  const yMost = Math.ceil((Math.max(...samples.map(({ mb }) => mb)) * 1.05) / yStep) * yStep;
  const x = (at) => LEFT + (at / unit / xMost) * (WIDTH - LEFT - RIGHT);
  const y = (mb) => HEIGHT - BOTTOM - (mb / yMost) * (HEIGHT - TOP - BOTTOM);
  const point = ({ seconds: at, mb }) => `${x(at).toFixed(1)},${y(mb).toFixed(1)}`;
  const middleX = (LEFT + WIDTH - RIGHT) / 2;
  const middleY = (TOP + HEIGHT - BOTTOM) / 2;

  const rows = steps(yMost, yStep).map(
    (mb) => `
  <line x1="${LEFT}" y1="${y(mb)}" x2="${WIDTH - RIGHT}" y2="${y(mb)}" stroke="#e3e3e3"/>
  <text x="${LEFT - 8}" y="${y(mb) + 4}" text-anchor="end">${mb}</text>`,
  );
  const columns = steps(xMost, xStep).map(
    (at) => `
  <line x1="${x(at * unit)}" y1="${HEIGHT - BOTTOM}" x2="${x(at * unit)}" y2="${HEIGHT - BOTTOM + 5}" stroke="#666"/>
  <text x="${x(at * unit)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle">${at}</text>`,
  );
  const { from } = trend;
  const trendLine = `
  <line x1="${x(from.seconds)}" y1="${y(trend.at(from.seconds))}" x2="${x(seconds)}" y2="${y(trend.at(seconds))}" stroke="#d1481f" stroke-width="1.5" stroke-dasharray="6 4"/>
  <text x="${WIDTH - RIGHT}" y="${y(trend.at(seconds)) - 14}" text-anchor="end" fill="#d1481f">trend of the second half: ${trend.mbPerHour.toFixed(1)} MB an hour</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" fill="#333">
  <rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
  <text x="${LEFT}" y="26" font-size="17" font-weight="bold">Heap of the site after garbage collection</text>
  <text x="${LEFT}" y="46" fill="#666">${subtitle}</text>${rows.join('')}${columns.join('')}
  <line x1="${LEFT}" y1="${HEIGHT - BOTTOM}" x2="${WIDTH - RIGHT}" y2="${HEIGHT - BOTTOM}" stroke="#666"/>
  <line x1="${LEFT}" y1="${TOP}" x2="${LEFT}" y2="${HEIGHT - BOTTOM}" stroke="#666"/>
  <text x="${middleX}" y="${HEIGHT - 16}" text-anchor="middle">${inMinutes ? 'minutes' : 'seconds'}</text>
  <text x="20" y="${middleY}" text-anchor="middle" transform="rotate(-90 20 ${middleY})">MB</text>
  <polyline points="${samples.map(point).join(' ')}" fill="none" stroke="#1f6feb" stroke-width="2"/>${longEnough ? trendLine : ''}
</svg>
`;
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough);
}

function steps(most, step) {
  return Array.from({ length: Math.floor(most / step + 1e-9) + 1 }, (_, index) =>
    Number((index * step).toFixed(6)),
  );
}
