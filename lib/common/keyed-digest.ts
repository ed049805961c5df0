import { randomFillSync } from 'node:crypto';

const FINAL_ROUNDS = 3;

/**
 * 64 bits that stand for a text: HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input PRF") of its
 * UTF-16 code units, little end first, under a key of its own, so that nobody outside can look for two texts with one
 * digest. Meant for tables in memory, where SHA-256 would cost more than all else that is done for an event; for nothing else.
 */
export class KeyedDigest {
  /** The two halves of the last digest, as signed integers. */
  high = 0;
  low = 0;
  #text: string | undefined;
  readonly #k0: number;
  readonly #k1: number;

  /** @param key two words of 32 bits. Default: random ones. */
  constructor([k0 = 0, k1 = 0]: Int32Array = randomFillSync(new Int32Array(2))) {
    this.#k0 = k0;
    this.#k1 = k1;
  }

  /** Leaves the digest in `high` and `low`. They stay there, so one text after itself costs nothing. */
  of(text: string): void {
    if (text === this.#text) return;
    this.#text = text;
    let v0 = this.#k0;
    let v1 = this.#k1 ^ 0xee;
    let v2 = this.#k0 ^ 0x6c796765;
    let v3 = this.#k1 ^ 0x74656462;
    const last = text.length >> 1;
    for (let step = 0; step <= last + 2 * FINAL_ROUNDS; step++) {
      let word = 0;
      if (step < last) word = text.charCodeAt(2 * step) | (text.charCodeAt(2 * step + 1) << 16);
      else if (step === last) word = lastWord(text);
      if (step === last + 1) v2 ^= 0xee;
      if (step === last + 1 + FINAL_ROUNDS) {
        this.high = v1 ^ v3;
        v1 ^= 0xdd;
      }
      v3 ^= word;
      v0 = (v0 + v1) | 0;
      v1 = rotated(v1, 5) ^ v0;
      v0 = rotated(v0, 16);
      v2 = (v2 + v3) | 0;
      v3 = rotated(v3, 8) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = rotated(v3, 7) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = rotated(v1, 13) ^ v2;
      v2 = rotated(v2, 16);
      v0 ^= word;
    }
    this.low = v1 ^ v3;
  }
}

/** The code unit that may be left, and the number of all bytes, of which the lowest eight bits have room. */
function lastWord(text: string): number {
  const left = text.length % 2 === 1 ? text.charCodeAt(text.length - 1) : 0;
  return left | ((2 * text.length) << 24);
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
