/** What one frame of the event stream says (LIME). */
export type LoginFrame =
  | { type: 'approved'; requestId: string; passport: string }
  | { type: 'expired'; requestId: string }
  | { type: 'keepalive' }
  | { type: 'error'; code: string; message: string }
  /** Something newer than this module. */
  | { type: 'unknown'; name: string }
  /** Something that cannot be what LIME meant; `reason` is fit for a log. */
  | { type: 'unreadable'; reason: string };

/** Reads the JSON text of a frame. Never throws: a bad frame must not cost the good ones behind it. */
export function decodeLoginFrame(data: string): LoginFrame {
  let frame: unknown;
  try {
    frame = JSON.parse(data);
  } catch {
    return unreadable(`${data.length} characters that are no JSON`);
  }
  if (typeof frame !== 'object' || frame === null || Array.isArray(frame)) {
    return unreadable('JSON that is no object');
  }
  return classify(frame as Record<string, unknown>);
}

function classify(frame: Record<string, unknown>): LoginFrame {
  const { type, login_request_id: requestId, agent_passport_jwt: passport } = frame;
  switch (type) {
    case 'keepalive':
      return { type };
    case 'error':
      return {
        type,
        code: textOr(frame['code'], 'no code'),
        message: textOr(frame['message'], ''),
      };
    case 'approved':
      if (!isText(requestId)) return unreadable(`approved without a usable login_request_id`);
      if (!isText(passport)) return unreadable(`approved without a passport for ${requestId}`);
      return { type, requestId, passport };
    case 'expired':
      if (!isText(requestId)) return unreadable(`expired without a usable login_request_id`);
      return { type, requestId };
    default:
      return isText(type)
        ? { type: 'unknown', name: type }
        : unreadable('an object without a type');
  }
}

function unreadable(reason: string): LoginFrame {
  return { type: 'unreadable', reason };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function textOr(value: unknown, fallback: string): string {
  return isText(value) ? value : fallback;
}
