import { randomFillSync } from 'node:crypto';

const FINAL_ROUNDS = 3;

/**
 * 64 bits that stand for a text: the rounds of HalfSipHash-1-3 (Aumasson and Bernstein, "SipHash: a fast short-input
 * PRF") over its UTF-16 code units, with the whole length as the last word, under a key of its own, so that nobody outside
 * can look for two texts with one digest. Meant for tables in memory, where SHA-256 would cost more than all else that is
 * done for an event; for nothing else.
 */
export class KeyedDigest {
  /** The two halves of the last digest, as signed integers. */
  high = 0;
  low = 0;
  #text: string | undefined;
  readonly #k0: number;
  readonly #k1: number;

  constructor() {
    const [k0 = 0, k1 = 0] = randomFillSync(new Int32Array(2));
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
    const words = Math.ceil(text.length / 2) + 1;
    for (let step = 0; step < words + 2 * FINAL_ROUNDS; step++) {
      const word = step < words ? wordAt(text, step) : 0;
      if (step === words) v2 ^= 0xee;
      if (step === words + FINAL_ROUNDS) {
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

/** Two code units; behind the last ones the length, which tells texts apart that end in NUL. */
function wordAt(text: string, step: number): number {
  const index = 2 * step;
  if (index >= text.length) return text.length;
  return text.charCodeAt(index) | (text.charCodeAt(index + 1) << 16); // NaN << 16 is 0
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
