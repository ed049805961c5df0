import { fileURLToPath } from 'node:url';
import { Controller, Get, NotFoundException, Param, Res } from '@nestjs/common';
import type { Response } from 'express';

/** The same distance from `src` and from `dist`. */
const FOLDER = fileURLToPath(new URL('../../public', import.meta.url));
const NAMES = new Set(['icon.svg', 'site.css', 'site.js', 'waiting.js', 'account.js']);

/** The files that pages refer to. Nothing comes from another host. */
@Controller('assets')
export class AssetsController {
  @Get(':name')
  send(@Param('name') name: string, @Res() response: Response): void {
    if (!NAMES.has(name)) throw new NotFoundException();
    response.sendFile(name, { root: FOLDER, cacheControl: false, headers: CACHED });
  }
}

/** Kept, but asked for again: a new version shows at once. */
const CACHED = { 'Cache-Control': 'no-cache' };
