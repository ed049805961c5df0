import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type ProofOfWorkVersion, solveProofOfWork } from 'nestjs-lime-sites/testing';

const UUID = '550e8400-e29b-41d4-a716-446655440000';

/** The hashed bytes of each version. */
const HASHED: Record<ProofOfWorkVersion, (challenge: string, nonce: string) => Buffer> = {
  v1: (challenge, nonce) =>
    Buffer.concat([
      Buffer.from('lime:pow:v1'),
      Buffer.of(0),
      Buffer.from(challenge),
      Buffer.of(0),
      Buffer.from(nonce),
    ]),
  legacy: (challenge, nonce) => Buffer.from(challenge + nonce),
};

function digestOf(version: ProofOfWorkVersion, challenge: string, nonce: string): string {
  return createHash('sha256').update(HASHED[version](challenge, nonce)).digest('hex');
}

describe('The proof of work', () => {
  it.each([
    ['legacy', 'test-challenge-abc', 8, '737', '005986d1'],
    ['legacy', UUID, 12, '1662', '0001678d'],
    ['legacy', 'lime-vector-3', 15, '15104', '000006c3'],
    ['v1', 'test-challenge-abc', 8, '62', '00d19854'],
    ['v1', UUID, 12, '669', '000fa5f6'],
    ['v1', 'lime-vector-3', 15, '13514', '00001387'],
  ] as const)(
    'has the nonce of version %s for %s at %i bits: %s',
    async (version, challenge, difficulty, nonce, digest) => {
      const solved = await solveProofOfWork(challenge, difficulty, { version });

      expect(solved).toEqual({ nonce, attempts: Number(nonce) + 1 });
      expect(digestOf(version, challenge, nonce).slice(0, 8)).toBe(digest);
    },
  );

  it('is of version v1 by default', async () => {
    expect((await solveProofOfWork(UUID, 12)).nonce).toBe('669');
  });

  it.each([0, -1])('needs no hash at %i bits', async (difficulty) => {
    expect(await solveProofOfWork(UUID, difficulty)).toEqual({ nonce: '0', attempts: 0 });
  });

  it.each([1, 7, 8, 9, 12])(
    'has the first nonce below the limit at %i bits',
    async (difficulty) => {
      const limit = 2n ** BigInt(256 - difficulty);
      const { nonce, attempts } = await solveProofOfWork('é€', difficulty);
      const below = Array.from({ length: attempts }, (_, candidate) => String(candidate)).filter(
        (candidate) => BigInt(`0x${digestOf('v1', 'é€', candidate)}`) < limit,
      );

      expect(below).toEqual([nonce]);
    },
  );

  it('yields to the event loop, and stops when its signal aborts', async () => {
    let turns = 0;
    const stopping = new AbortController();
    const counting = setInterval(() => {
      turns += 1;
      if (turns === 2) stopping.abort(new Error('enough'));
    }, 0);

    await expect(solveProofOfWork(UUID, 32, { signal: stopping.signal })).rejects.toThrow('enough');
    clearInterval(counting);
    expect(turns).toBe(2);
  });
});
