import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The format of the hashed bytes: `v1` since September 2026, `legacy` before. */
export type ProofOfWorkVersion = 'v1' | 'legacy';

/** A solved proof of work. */
export interface ProofOfWork {
  /** The decimal text to send as `pow_nonce`. */
  nonce: string;
  /** The number of hashes. */
  attempts: number;
}

/** Options of {@link solveProofOfWork}. */
export interface ProofOfWorkOptions {
  /** @default 'v1' */
  version?: ProofOfWorkVersion;
  /** Stops the work. The promise rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Hashes between two turns of the event loop: some milliseconds. */
const BATCH = 4_000;

/** The hashed bytes before the nonce. */
const PREFIX: Readonly<Record<ProofOfWorkVersion, (challenge: string) => string>> = {
  v1: (challenge) => `lime:pow:v1\0${challenge}\0`,
  legacy: (challenge) => challenge,
};

/** Whether the SHA-256 of challenge and nonce, as a big-endian number, is below 2^(256 − difficulty). */
export function meetsDifficulty(
  challenge: string,
  nonce: string,
  difficulty: number,
  version: ProofOfWorkVersion,
): boolean {
  const digest = hash('sha256', PREFIX[version](challenge) + nonce, 'buffer');
  const zeroBytes = digest.findIndex((byte) => byte !== 0);
  return zeroBytes * 8 + Math.clz32(digest[zeroBytes] ?? 0) - 24 >= difficulty;
}

/**
 * Finds the first nonce, counted up from 0, that meets the difficulty. Takes about 2^difficulty hashes, and none for a
 * difficulty of 0 or less. Yields to the event loop every few thousand hashes, so that a server in the same process
 * keeps answering.
 * @throws the reason of `signal` when it aborts.
 */
export async function solveProofOfWork(
  challenge: string,
  difficulty: number,
  { version = 'v1', signal }: ProofOfWorkOptions = {},
): Promise<ProofOfWork> {
  if (difficulty <= 0) return { nonce: '0', attempts: 0 };
  for (let candidate = 0; ; candidate += 1) {
    const nonce = String(candidate);
    if (meetsDifficulty(challenge, nonce, difficulty, version)) {
      return { nonce, attempts: candidate + 1 };
    }
    if (candidate % BATCH === BATCH - 1) {
      await nextTurn();
      signal?.throwIfAborted();
    }
  }
}
