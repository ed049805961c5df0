import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';

/** A solved proof of work. */
export interface ProofOfWork {
  /** The decimal text to send as `pow_nonce`. */
  nonce: string;
  /** How many hashes it took. */
  attempts: number;
}

/** Hashes between two turns of the event loop: some milliseconds. */
const BATCH = 4_000;

/** Whether SHA-256 of `challenge + nonce`, as a big-endian number, is below 2^(256 − difficulty). */
export function meetsDifficulty(challenge: string, nonce: string, difficulty: number): boolean {
  const digest = hash('sha256', challenge + nonce, 'buffer');
  const zeroBytes = digest.findIndex((byte) => byte !== 0);
  return zeroBytes * 8 + Math.clz32(digest[zeroBytes] ?? 0) - 24 >= difficulty;
}

/**
 * Counts up until a number fits. Gives the event loop a turn every few thousand hashes, so that a server in the
 * same process keeps answering. About 2^difficulty hashes; difficulty 0 or less takes none.
 * @throws the reason of `signal` once that is aborted.
 */
export async function solveProofOfWork(
  challenge: string,
  difficulty: number,
  signal?: AbortSignal,
): Promise<ProofOfWork> {
  if (difficulty <= 0) return { nonce: '0', attempts: 0 };
  for (let candidate = 0; ; candidate += 1) {
    const nonce = String(candidate);
    if (meetsDifficulty(challenge, nonce, difficulty)) return { nonce, attempts: candidate + 1 };
    if (candidate % BATCH === BATCH - 1) {
      await nextTurn();
      signal?.throwIfAborted();
    }
  }
}
