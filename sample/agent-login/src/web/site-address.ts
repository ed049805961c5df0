import { HttpException, Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { siteConfig, type SiteConfig } from '../config/site.config.js';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{1,5})?$/;

/** Where the browser believes this site to be. */
@Injectable()
export class SiteAddress {
  constructor(@Inject(siteConfig.KEY) private readonly config: SiteConfig) {}

  /**
   * The origin, from `PUBLIC_URL`. Without it from the request, if that is to this machine: anybody can write anything
   * into a Host header.
   * @throws HttpException 421.
   */
  originFor({ headers: { host = '' } }: Request): string {
    if (this.config.publicUrl) return this.config.publicUrl;
    if (LOOPBACK.test(host)) return `http://${host}`;
    throw new HttpException('Set PUBLIC_URL to the address under which this site is called', 421);
  }

  /** Whether cookies can be kept off unencrypted connections. */
  get secure(): boolean {
    return this.config.publicUrl?.startsWith('https:') ?? false;
  }
}
