/**
 * What has to happen in one step in Redis. A settlement is `approved`, `expired` (LIME's word) or `expired-locally`; while its
 * handlers are at work that is all, afterwards `:done` stands behind it, or `:idle` if some failed (between two tries, or for good).
 */

/**
 * Makes an outcome the verdict on its login, unless there is another: the first one from LIME wins, and an approval
 * overrules a local expiry. KEYS: settled, pending. ARGV: outcome, request id, time to live.
 * Returns `mine`; `done` if the handlers of this outcome are through; `other` if another outcome won; `later` if a local expiry
 * is with its handlers, which must not undo what those of the approval do.
 */
export const CLAIM = `
local earlier = redis.call('GET', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[2])
if earlier then
  local outcome, phase = string.match(earlier, '^([%a-]+)(.*)$')
  if outcome == ARGV[1] or (outcome ~= 'approved' and ARGV[1] ~= 'approved') then
    if phase == ':done' then return 'done' end
  else
    if outcome ~= 'expired-locally' then return 'other' end
    if phase == '' then return 'later' end
  end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[3])
return 'mine'
`;

/**
 * Keeps the verdict and tells all replicas, if it still is the verdict. KEYS: settled, outcome. ARGV: outcome, record, time
 * to live, channel.
 */
export const ANNOUNCE = `
local now = redis.call('GET', KEYS[1])
if not now or string.match(now, '^[%a-]+') ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[2])
return 1
`;

/** Notes that the handlers of a verdict are not at work any more. KEYS: settled. ARGV: outcome, phase, time to live. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. ARGV[2], 'PX', ARGV[3])
return 1
`;

/**
 * Adds a login to those without an outcome, unless it was settled before its creation was known: nobody would take it out
 * again. KEYS: settled, pending. ARGV: request id, when it expires.
 */
export const EXPECT = `
if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 1
`;
