import { KeyedDigest } from '../common/keyed-digest.js';

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
const SLOT_BYTES = 16;
/** A slot has two words for the digest and the settlement, then a moment. */
const WORDS = 4;
const MOMENTS = 2;

/** Open addressing. One buffer, so that what belongs to a request is read at once. */
class Generation {
  readonly #words: Uint32Array;
  readonly #moments: Float64Array;
  count = 0;

  constructor() {
    const buffer = new ArrayBuffer(SLOTS * SLOT_BYTES);
    this.#words = new Uint32Array(buffer);
    this.#moments = new Float64Array(buffer);
  }

  /** The slot where the digest is, or would be. */
  slotOf({ high, low }: KeyedDigest): number {
    const name = (low & ~SETTLEMENT_BITS) >>> 0;
    let slot = high & (SLOTS - 1);
    for (; this.#words[WORDS * slot] !== 0; slot = (slot + 1) % SLOTS) {
      const word = (this.#words[WORDS * slot] ?? 0) & ~SETTLEMENT_BITS;
      if (word >>> 0 === name && this.#words[WORDS * slot + 1] === high >>> 0) break;
    }
    return slot;
  }

  settlementIn(slot: number): Settlement | undefined {
    return SETTLEMENTS[(this.#words[WORDS * slot] ?? 0) & SETTLEMENT_BITS];
  }

  momentIn(slot: number): number | undefined {
    return this.#moments[MOMENTS * slot + 1];
  }

  put(slot: number, { high, low }: KeyedDigest, settlement: Settlement, moment: number): void {
    if (this.#words[WORDS * slot] === 0) this.count++;
    this.#words[WORDS * slot] = (low & ~SETTLEMENT_BITS) | SETTLEMENTS.indexOf(settlement);
    this.#words[WORDS * slot + 1] = high;
    this.#moments[MOMENTS * slot + 1] = moment;
  }

  clear(): void {
    this.#words.fill(0);
    this.count = 0;
  }
}

/**
 * How the last 100 000 requests and more were settled, in 4 MiB that never grow and that no collection of garbage has to
 * look at: by a keyed digest of their id, of which 62 bits are kept. That two ids have the same one, and a login is taken
 * for a repeat, happens once in 20 million million.
 */
export class SettlementMemory {
  readonly #capacity: number;
  readonly #digest = new KeyedDigest();
  /** When the young generation is full it takes the place of the old one. */
  #young = new Generation();
  #old = new Generation();

  /** @param capacity so many are remembered at least, and twice as many at most; up to 100 000. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get(requestId: string): Settlement | undefined {
    this.#digest.of(requestId);
    return (
      this.#young.settlementIn(this.#young.slotOf(this.#digest)) ??
      this.#old.settlementIn(this.#old.slotOf(this.#digest))
    );
  }

  /** When the outcome was received, in milliseconds since the epoch; `undefined` if it is not to be told. */
  receivedAt(requestId: string): number | undefined {
    this.#digest.of(requestId);
    for (const generation of [this.#young, this.#old]) {
      const slot = generation.slotOf(this.#digest);
      const moment = generation.settlementIn(slot) && generation.momentIn(slot);
      if (moment !== undefined) return Number.isNaN(moment) ? undefined : moment;
    }
    return undefined;
  }

  /** @param receivedAt milliseconds since the epoch; left out as long as the outcome is not to be told. */
  set(requestId: string, settlement: Settlement, receivedAt = Number.NaN): void {
    this.#digest.of(requestId);
    this.#young.put(this.#young.slotOf(this.#digest), this.#digest, settlement, receivedAt);
    if (this.#young.count < this.#capacity) return;
    [this.#young, this.#old] = [this.#old, this.#young];
    this.#young.clear();
  }
}
