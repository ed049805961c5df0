import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { Request, Response } from 'express';
import { siteConfig, type SiteConfig } from '../config/site.config.js';
import { SiteAddress } from '../web/site-address.js';

/** The id of a session, signed: what this site did not write, it does not look up. */
@Injectable()
export class SessionCookie {
  private readonly name: string;

  constructor(
    @Inject(siteConfig.KEY) private readonly config: SiteConfig,
    private readonly address: SiteAddress,
  ) {
    this.name = address.secure ? '__Host-grove' : 'grove';
  }

  read({ headers: { cookie = '' } }: Request): string | undefined {
    for (const pair of cookie.split(';')) {
      const [name, value = ''] = pair.trim().split('=');
      if (name === this.name) return this.verify(value);
    }
    return undefined;
  }

  write(response: Response, id: string): void {
    response.cookie(this.name, `${id}.${this.sign(id)}`, this.attributes);
  }

  clear(response: Response): void {
    response.clearCookie(this.name, this.attributes);
  }

  private get attributes() {
    return { httpOnly: true, sameSite: 'lax', secure: this.address.secure, path: '/' } as const;
  }

  private verify(value: string): string | undefined {
    const [id = '', signature = ''] = value.split('.');
    const expected = Buffer.from(this.sign(id));
    const actual = Buffer.from(signature);
    const genuine = actual.length === expected.length && timingSafeEqual(actual, expected);
    return genuine ? id : undefined;
  }

  private sign(id: string): string {
    return createHmac('sha256', this.config.sessionSecret).update(id).digest('base64url');
  }
}
