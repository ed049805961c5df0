import { Injectable, ServiceUnavailableException, UnauthorizedException } from '@nestjs/common';

/** Asks the first service. A verified passport does not name its site, so another site could replay one. */
@Injectable()
export class OwnLogins {
  /** @throws UnauthorizedException for a login that the first service did not start. */
  async assertOwn(requestId: string): Promise<void> {
    const { SITE_URL, INTERNAL_KEY = '' } = process.env;
    const url = `${SITE_URL}/internal/logins/${encodeURIComponent(requestId)}`;
    const { status } = await fetch(url, { headers: { 'x-internal-key': INTERNAL_KEY } });
    if (status === 404) throw new UnauthorizedException('The passport is not valid here');
    if (status !== 204) throw new ServiceUnavailableException();
  }
}
