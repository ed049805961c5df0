import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LimeError } from 'nestjs-lime-sites';
import { errorPage } from './error.page.js';
import { Layout, type PageParts } from './layout.js';
import { SignInRequired } from './sign-in-required.exception.js';

const UNAVAILABLE = 'Logins are not possible at the moment. Please try again soon.';

/** Answers errors with a page to a person, with JSON to a program. Internal errors are only logged. */
@Catch()
export class PageErrorFilter implements ExceptionFilter<unknown> {
  private readonly logger = new Logger(PageErrorFilter.name);

  constructor(private readonly layout: Layout) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof SignInRequired) return response.redirect(303, '/');
    const exception = this.exceptionOf(error);
    if (response.headersSent) return void response.end();
    this.answer(exception, request, response);
  }

  protected answer(exception: HttpException, request: Request, response: Response): void {
    const status = exception.getStatus();
    if (request.path.startsWith('/api/') || request.accepts(['json', 'html']) !== 'html') {
      const body = exception.getResponse();
      response
        .status(status)
        .json(typeof body === 'string' ? { statusCode: status, message: body } : body);
      return;
    }
    this.show(status, errorPage(status, exception.message), request, response);
  }

  protected show(status: number, page: PageParts, request: Request, response: Response): void {
    response.status(status).send(this.layout.render({ ...page, session: request.session }));
  }

  private exceptionOf(error: unknown): HttpException {
    if (error instanceof HttpException) return error;
    if (error instanceof LimeError) {
      this.logger.warn(`${error.code}: ${error.message}`);
      return new HttpException(UNAVAILABLE, 503);
    }
    this.logger.error(error);
    return new HttpException('Something went wrong on our side.', 500);
  }
}
