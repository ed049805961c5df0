import { number } from './numbers.mjs';
import { scaleOf } from './scale.mjs';

const WIDTH = 760;
const HEIGHT = 380;
const MARGIN = { left: 76, right: 24, top: 50, bottom: 56 };
const COLOURS = ['#1f6feb', '#d1481f', '#2da44e'];

/**
 * Lines over two axes, as a picture.
 * @param {object} plot
 * @param {string} plot.title
 * @param {string} plot.x
 * @param {string} plot.y
 * @param {boolean} [plot.logarithmic] both axes
 * @param {{ name: string, points: [number, number][], dashed?: boolean }[]} plot.series
 */
export function plotSvg({ title, x: xName, y: yName, logarithmic = false, series }) {
  const points = series.flatMap((one) => one.points);
  const right = WIDTH - MARGIN.right;
  const bottom = HEIGHT - MARGIN.bottom;
  const x = scaleOf(
    points.map(([value]) => value),
    [MARGIN.left, right],
    logarithmic,
  );
  const y = scaleOf(
    points.map(([, value]) => value),
    [bottom, MARGIN.top],
    logarithmic,
  );
  const rows = y.ticks.map(
    (tick) => `
  <line x1="${MARGIN.left}" y1="${y.at(tick)}" x2="${right}" y2="${y.at(tick)}" stroke="#e3e3e3"/>
  <text x="${MARGIN.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${number(tick)}</text>`,
  );
  const columns = x.ticks.map(
    (tick) => `
  <line x1="${x.at(tick)}" y1="${bottom}" x2="${x.at(tick)}" y2="${bottom + 5}" stroke="#666"/>
  <text x="${x.at(tick)}" y="${bottom + 20}" text-anchor="middle">${number(tick)}</text>`,
  );
  const lines = series.map((one, index) => lineOf(one, COLOURS[index], x, y));
  const names = series.map(
    ({ name }, index) => `
  <text x="${MARGIN.left + 14}" y="${MARGIN.top + 18 + 18 * index}" fill="${COLOURS[index]}">${name}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="13" fill="#333">
  <rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
  <text x="${MARGIN.left}" y="28" font-size="16" font-weight="bold">${title}</text>${rows.join('')}${columns.join('')}
  <line x1="${MARGIN.left}" y1="${bottom}" x2="${right}" y2="${bottom}" stroke="#666"/>
  <line x1="${MARGIN.left}" y1="${MARGIN.top}" x2="${MARGIN.left}" y2="${bottom}" stroke="#666"/>
  <text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 14}" text-anchor="middle">${xName}</text>
  <text x="18" y="${(MARGIN.top + bottom) / 2}" text-anchor="middle" transform="rotate(-90 18 ${(MARGIN.top + bottom) / 2})">${yName}</text>${lines.join('')}${names.join('')}
</svg>
`;
}

function lineOf({ points, dashed = false }, colour, x, y) {
  const path = points.map(([px, py]) => `${x.at(px).toFixed(1)},${y.at(py).toFixed(1)}`).join(' ');
  const dots = points.map(
    ([px, py]) =>
      `<circle cx="${x.at(px).toFixed(1)}" cy="${y.at(py).toFixed(1)}" r="3" fill="${colour}"/>`,
  );
  return `
  <polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashed ? ' stroke-dasharray="6 4"' : ''}/>${dashed ? '' : dots.join('')}`;
}
