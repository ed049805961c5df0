/** A login request as LIME reported it. */
export interface LoginRequestResult {
  /** Opaque id to hand to the agent (`login_request_id` of LIME). */
  requestId: string;
  /** LIME's own word: `PENDING` after creation; later `APPROVED`, `DELIVERED` or a word for expired. */
  status: string;
  /** When the request expires unless an agent approves it. */
  expiresAt: Date;
}

/** A login request that an earlier process of the site created, as `resumeLogins()` takes it. */
export type PendingLogin = Pick<LoginRequestResult, 'requestId' | 'expiresAt'>;

/** A binding request: the hosted page where a user of the site connects an agent. */
export interface BindingRequestResult {
  /** Store it with your user before you redirect. The binding passport carries it. */
  bindingId: string;
  /** Redirect the browser to this URL, unchanged. */
  connectUrl: string;
  /** LIME's own word, `PENDING` after creation. */
  status: string;
  /** When the request expires unless the user completes it. */
  expiresAt: Date;
}
