import { fileURLToPath } from 'node:url';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import type { Response } from 'express';

/** The same relative path from `src` and from `dist`. */
const FOLDER = fileURLToPath(new URL('../../public', import.meta.url));
const NAMES = new Set(['icon.svg', 'site.css', 'site.js', 'waiting.js', 'account.js']);

/** The files of the pages. They do not load any from another host. */
@Controller('assets')
export class AssetsController {
  @Get(':name')
  send(@Param('name') name: string, @Res() response: Response): void {
    if (!NAMES.has(name)) throw new NotFoundException();
    response.sendFile(name, { root: FOLDER, cacheControl: false, headers: CACHED });
  }
}

/** Browsers revalidate a cached file, so that a new version shows at once. */
const CACHED = { 'Cache-Control': 'no-cache' };
