import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { siteConfig, type SiteConfig } from '../config/site.config.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

/** The address of this site, as browsers see it. */
@Injectable()
export class SiteAddress {
  constructor(@Inject(siteConfig.KEY) private readonly config: SiteConfig) {}

  /**
   * The origin: `PUBLIC_URL`, or that of the request if it is to this machine. A client can send any other `Host` header.
   * @throws HttpException 421 for a foreign `Host` without `PUBLIC_URL`.
   */
  originFor({ headers: { host = '' } }: Request): string {
    if (this.config.publicUrl) return this.config.publicUrl;
    if (LOOPBACK.test(host)) return `http://${host}`;
    throw new HttpException('Set PUBLIC_URL to the address of this site', 421);
  }

  /** Whether browsers use HTTPS, so that cookies can be `Secure`. */
  get secure(): boolean {
    return this.config.publicUrl?.startsWith('https:') ?? false;
  }
}
