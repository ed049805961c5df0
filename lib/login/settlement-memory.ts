import { KeyedDigest } from './keyed-digest.js';

/** How a request was settled; a local expiry is provisional. */
export type Settlement = 'approved' | 'expired' | 'expired locally';

/** As they are stored: in the lowest two bits of a digest, where 0 is left for an empty slot. */
const SETTLEMENTS: readonly (Settlement | undefined)[] = [
  undefined,
  'approved',
  'expired',
  'expired locally',
];
const SETTLEMENT_BITS = 0b11;
/** A power of two, so that a part of the digest is a slot; at most three quarters get full. */
const SLOTS = 2 ** 17;

/**
 * How the last 100 000 requests and more were settled, in 2 MiB that never grow: by a keyed digest of their id, of which 62
 * bits are kept. That two ids have the same one, and a login is taken for a repeat, happens once in 20 million million.
 */
export class SettlementMemory {
  readonly #capacity: number;
  readonly #digest = new KeyedDigest();
  /** Open addressing: two words a slot. When the young generation is full it takes the place of the old one. */
  #young = new Uint32Array(2 * SLOTS);
  #old = new Uint32Array(2 * SLOTS);
  #youngCount = 0;

  /** @param capacity so many are remembered at least, and twice as many at most; up to 100 000. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(requestId: string): Settlement | undefined {
    this.#digest.of(requestId);
    return this.#find(this.#young) ?? this.#find(this.#old);
  }

  set(requestId: string, settlement: Settlement): void {
    this.#digest.of(requestId);
    const slot = this.#slotIn(this.#young);
    if (this.#young[slot] === 0) this.#youngCount++;
    this.#young[slot] = (this.#digest.low & ~SETTLEMENT_BITS) | SETTLEMENTS.indexOf(settlement);
    this.#young[slot + 1] = this.#digest.high;
    if (this.#youngCount < this.#capacity) return;
    [this.#young, this.#old] = [this.#old.fill(0), this.#young];
    this.#youngCount = 0;
  }

  #find(generation: Uint32Array): Settlement | undefined {
    return SETTLEMENTS[(generation[this.#slotIn(generation)] ?? 0) & SETTLEMENT_BITS];
  }

  /** Where the digest is, or would be. */
  #slotIn(generation: Uint32Array): number {
    const high = this.#digest.high >>> 0;
    const low = (this.#digest.low & ~SETTLEMENT_BITS) >>> 0;
    let slot = 2 * (high & (SLOTS - 1));
    for (; generation[slot] !== 0; slot = (slot + 2) % (2 * SLOTS)) {
      const word = (generation[slot] ?? 0) & ~SETTLEMENT_BITS;
      if (word >>> 0 === low && generation[slot + 1] === high) break;
    }
    return slot;
  }
}
