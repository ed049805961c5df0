import type { CommonPassportClaims } from 'nestjs-lime-sites';

/** The rule of the vault: agents of the users in `VAULT_USERS` (ids, separated by commas). By default the list is empty. */
export function isKeeper({ user_id: userId }: CommonPassportClaims): boolean {
  return process.env['VAULT_USERS']?.match(/[^\s,]+/g)?.includes(userId) ?? false;
}
