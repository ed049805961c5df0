import { Catch, type HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { PassportExceptionCode } from 'nestjs-lime-sites';
import { PageErrorFilter } from '../web/page-error.filter.js';
import { NOT_CONNECTED, notConnectedPage } from './not-connected.page.js';

/**
 * Explains to a person why a callback did not connect an agent. A callback without a code means that the person declined at LIME:
 * not an error, so its page has the status 200.
 */
@Catch()
export class BindingRefusalFilter extends PageErrorFilter {
  protected override answer(exception: HttpException, request: Request, response: Response): void {
    const { code } = exception.getResponse() as { code?: PassportExceptionCode };
    const reason = code && NOT_CONNECTED[code];
    if (!reason) return super.answer(exception, request, response);
    response.removeHeader('WWW-Authenticate'); // the page is for a person, and no browser prompt belongs to it
    this.show(reason.status, notConnectedPage(reason), request, response);
  }
}
