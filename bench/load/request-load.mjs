import autocannon from 'autocannon';

/**
 * How many requests a server answers in a second. Every answer has to be 200.
 * @param {object} input
 * @param {string} input.url
 * @param {string} input.passport sent as a bearer token
 * @param {number} input.seconds
 */
export async function requestsPerSecond({ url, passport, seconds }) {
  const { non2xx, errors, requests, start, finish } = await autocannon({
    url,
    connections: 16,
    duration: seconds,
    sampleInt: 50, // it ends with a sample
    headers: { authorization: `Bearer ${passport}` },
  });
  if (non2xx + errors > 0) throw new Error(`${url}: ${non2xx} not 2xx, ${errors} failed`);
  return requests.total / ((finish - start) / 1000);
}
