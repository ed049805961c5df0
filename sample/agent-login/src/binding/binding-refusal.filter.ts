import { Catch, type HttpException } from '@nestjs/common';
import type { Request, Response } from 'express';
import type { PassportExceptionCode } from 'nestjs-lime-sites';
import { PageErrorFilter } from '../web/page-error.filter.js';
import { NOT_CONNECTED, notConnectedPage } from './not-connected.page.js';

/**
 * Says in plain words why a callback connected no agent. Without a code the person declined at LIME: that is an answer and not
 * an error, so its page has the status 200.
 */
@Catch()
export class BindingRefusalFilter extends PageErrorFilter {
  protected override answer(exception: HttpException, request: Request, response: Response): void {
    const { code } = exception.getResponse() as { code?: PassportExceptionCode };
    const reason = code && NOT_CONNECTED[code];
    if (!reason) return super.answer(exception, request, response);
    response.removeHeader('WWW-Authenticate'); // it is for programs, and this page for a person
    this.show(reason.status, notConnectedPage(reason), request, response);
  }
}
