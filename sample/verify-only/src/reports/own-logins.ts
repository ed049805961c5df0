import { Injectable, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';

/** Asks the first service. A verified passport does not say for which site it was made: any site could present one. */
@Injectable()
export class OwnLogins {
  /** @throws UnauthorizedException for a login that is not ours. */
  async assertOwn(requestId: string): Promise<void> {
    const { SITE_URL, INTERNAL_KEY = '' } = process.env;
    const url = `${SITE_URL}/internal/logins/${encodeURIComponent(requestId)}`;
    const { status } = await fetch(url, { headers: { 'x-internal-key': INTERNAL_KEY } });
    if (status === 404) throw new UnauthorizedException('The passport is not valid here');
    if (status !== 204) throw new ServiceUnavailableException();
  }
}
