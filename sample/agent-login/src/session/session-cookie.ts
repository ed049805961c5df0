import { Injectable } from '@nestjs/common';
import { SiteAddress } from '../web/site-address.js';

/** Name and attributes of the cookie that carries the session id. */
@Injectable()
export class SessionCookie {
  readonly name: string;
  readonly options: {
    readonly httpOnly: true;
    readonly sameSite: 'lax';
    readonly secure: boolean;
    readonly path: '/';
  };

  constructor({ secure }: SiteAddress) {
    this.name = secure ? '__Host-grove' : 'grove';
    this.options = { httpOnly: true, sameSite: 'lax', secure, path: '/' };
  }
}
