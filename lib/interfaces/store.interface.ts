/** What a site can start. */
export type LimeStoreKind = 'login' | 'binding';

/** What the guards of a site ask: was a login or binding started here, and was a passport used before? */
export interface LimeSiteStore {
  /** Remembers that this site started the login or binding, until `expiresAt`. */
  remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void>;
  /** Whether this site started the login or binding. */
  knows(kind: LimeStoreKind, id: string): Promise<boolean>;
  /** Marks `key` as used until `expiresAt`. @returns whether it was unused; of two at the same instant one gets `true`. */
  claim(key: string, expiresAt: Date): Promise<boolean>;
}
