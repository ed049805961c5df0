/** Some fields of a real event beside those that count, so that frames have the size of real ones. */
const FILLER = 'https://your.app/agents/done?state=';
/** The size of a frame, in bytes: an approval has about this many. */
const FRAME_BYTES = 982;

/** A frame of `FRAME_BYTES` bytes. */
export function expiredFrame(requestId) {
  const event = { type: 'expired', login_request_id: requestId, redirect_url: FILLER };
  const missing = FRAME_BYTES - frame(event).length;
  return frame({ ...event, redirect_url: FILLER + 'x'.repeat(missing) });
}

/** As short as it can be. */
export function bareExpiredFrame(requestId) {
  return frame({ type: 'expired', login_request_id: requestId });
}

export function approvedFrame({ requestId, passport }) {
  return frame({
    type: 'approved',
    login_request_id: requestId,
    agent_passport_jwt: passport,
    status: 'DELIVERED',
  });
}

/** An HTTP chunk (RFC 9112 section 7.1). */
export function httpChunk(text) {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}

function frame(event) {
  return `data: ${JSON.stringify(event)}\n\n`;
}
