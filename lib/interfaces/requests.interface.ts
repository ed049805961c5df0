/** A login request as LIME reported it. */
export interface LoginRequestResult {
  /** Hand this to the agent. Opaque (LIME: `login_request_id`). */
  requestId: string;
  /** LIME's own word: `PENDING` after creation; `APPROVED`, `DELIVERED` or an expired state later. */
  status: string;
  /** When LIME gives the request up if nobody approves it. */
  expiresAt: Date;
}

/** A binding request: the hosted page that connects an agent to a user of the site. */
export interface BindingRequestResult {
  /** Store it with your user before you redirect; the passport that comes back carries it. */
  bindingId: string;
  /** Send the browser here, unchanged. */
  connectUrl: string;
  status: string;
  expiresAt: Date;
}
