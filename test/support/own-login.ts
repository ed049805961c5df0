import type { LimeSandbox, PassportClaimOverrides } from 'nestjs-lime-sites/testing';
import type { LimeSiteService } from 'nestjs-lime-sites';

export interface OwnLogin {
  readonly requestId: string;
  readonly passport: string;
}

/** Starts a login of the site, and signs a passport for it that every guard accepts. */
export async function ownLogin(
  { lime, site }: { lime: LimeSandbox; site: LimeSiteService },
  claims?: PassportClaimOverrides,
): Promise<OwnLogin> {
  const { requestId } = await site.createLoginRequest();
  const passport = await lime.signPassport({ request_id: requestId, ...claims });
  return { requestId, passport };
}

/** The header that `PassportGuard` reads. */
export function bearer(passport: string): { authorization: string } {
  return { authorization: `Bearer ${passport}` };
}
