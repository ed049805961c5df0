/** What a site can start. */
export type LimeStoreKind = 'login' | 'binding';

/**
 * What must survive a restart: the option `store`. Guards ask it whether this site started a login or binding, and whether a passport
 * was used before. An entry may be deleted once its `expiresAt` has passed. A method that rejects, or that takes longer than `timeoutMs`,
 * counts as unavailable.
 */
export interface LimeSiteStore {
  /**
   * Remembers that this site started the login or binding. May be called again with the same id.
   * @param expiresAt until when: three minutes after the request itself has expired, because its passport lives longer.
   */
  remember(kind: LimeStoreKind, id: string, expiresAt: Date): Promise<void>;
  /** Whether this site started the login or binding. */
  knows(kind: LimeStoreKind, id: string): Promise<boolean>;
  /** Marks `key` as used until `expiresAt`. @returns whether it was unused; of two at the same instant one gets `true`. */
  claim(key: string, expiresAt: Date): Promise<boolean>;
}
