/** What a passport says about its holder, for display only: nothing is verified, anything may be in it. */
export interface PassportLevels {
  readonly kycLevel: string;
  readonly reputation: string | undefined;
}

export function passportLevels(passport: string): PassportLevels {
  const payload = Buffer.from(passport.split('.')[1] ?? '', 'base64url').toString('utf8');
  const claims = JSON.parse(payload) as Record<string, unknown>;
  return {
    kycLevel: textOf(claims['user_kyc_level']) ?? 'none',
    reputation: textOf(claims['agent_reputation']),
  };
}

function textOf(claim: unknown): string | undefined {
  return claim === undefined ? undefined : JSON.stringify(claim);
}
