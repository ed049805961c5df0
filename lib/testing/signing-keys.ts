import { type KeyObject, createPublicKey, generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'jose';

const generate = promisify(generateKeyPair);

/** A present or former signing key. */
export interface SigningKey {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicJwk: JWK;
}

/** The platform's RSA keys. The last one signs, and the JWKS has all of them. */
export class SigningKeys {
  private published: readonly SigningKey[];

  private constructor(private signing: SigningKey) {
    this.published = [signing];
  }

  /** Starts with this RSA key, or with a new one. */
  static async create(privateKey?: KeyObject): Promise<SigningKeys> {
    return new SigningKeys(signingKeyOf(privateKey ?? (await newPrivateKey())));
  }

  get current(): SigningKey {
    return this.signing;
  }

  /** The JWKS document. */
  document(): { keys: JWK[] } {
    return { keys: this.published.map((key) => ({ ...key.publicJwk })) };
  }

  async rotate(keepOld: boolean): Promise<SigningKey> {
    const key = signingKeyOf(await newPrivateKey());
    this.signing = key;
    this.published = keepOld ? [...this.published, key] : [key];
    return key;
  }
}

async function newPrivateKey(): Promise<KeyObject> {
  const { privateKey } = await generate('rsa', { modulusLength: 2048 });
  return privateKey;
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const kid = `sandbox-${randomBytes(6).toString('hex')}`;
  const { n = '', e = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return { kid, privateKey, publicJwk: { kty: 'RSA', n, e, kid, alg: 'RS256', use: 'sig' } };
}
