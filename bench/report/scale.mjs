/**
 * Where values lie on an axis, and which of them are written there.
 * @param {number[]} values
 * @param {[number, number]} pixels of the beginning and the end
 * @param {boolean} logarithmic
 */
export function scaleOf(values, [begin, end], logarithmic) {
  const most = Math.max(...values);
  if (logarithmic) {
    const from = Math.floor(Math.log10(Math.min(...values)));
    const to = Math.ceil(Math.log10(most));
    const at = (value) => begin + ((Math.log10(value) - from) / (to - from)) * (end - begin);
    return { at, ticks: Array.from({ length: to - from + 1 }, (_, index) => 10 ** (from + index)) };
  }
  const step = niceStep(most / 6);
  const last = Math.ceil(most / step) * step;
  const at = (value) => begin + (value / last) * (end - begin);
  return {
    at,
    ticks: Array.from({ length: Math.round(last / step) + 1 }, (_, index) => index * step),
  };
}

function niceStep(rough) {
  const power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => step >= rough) ?? rough;
}
