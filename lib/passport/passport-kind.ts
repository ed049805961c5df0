/** The rules in which the two kinds of passport differ (LIME). */
export interface PassportKind {
  readonly name: 'login' | 'binding';
  readonly audience: string;
  /** Longest `exp − iat`, in seconds. */
  readonly maxLifetimeSeconds: number;
  /** The claim that ties the passport to what the site started. */
  readonly idClaim: 'request_id' | 'binding_id';
}

export const LOGIN_PASSPORT: PassportKind = {
  name: 'login',
  audience: 'lime-site-login',
  maxLifetimeSeconds: 120,
  idClaim: 'request_id',
};

export const BINDING_PASSPORT: PassportKind = {
  name: 'binding',
  audience: 'lime-binding',
  maxLifetimeSeconds: 60,
  idClaim: 'binding_id',
};
