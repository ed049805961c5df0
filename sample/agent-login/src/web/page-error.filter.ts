import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import { HttpException, Logger } from '@nestjs/common';
import type { Request, Response } from 'express';
import { LimeError } from 'nestjs-lime-sites';
import { sessionOf } from '../session/session.js';
import { errorPage } from './error.page.js';
import { Layout } from './layout.js';
import { SignInRequired } from './sign-in-required.exception.js';

const UNAVAILABLE = 'Logins are not possible at the moment. Please try again soon.';

/** Errors as pages for people, and as JSON for programs. Reasons that are no fault of the client stay in the log. */
@Catch()
export class PageErrorFilter implements ExceptionFilter<unknown> {
  private readonly logger = new Logger(PageErrorFilter.name);

  constructor(private readonly layout: Layout) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<Request>();
    const response = host.switchToHttp().getResponse<Response>();
    if (error instanceof SignInRequired) return response.redirect(303, '/');
    const exception = this.exceptionOf(error);
    const status = exception.getStatus();
    if (response.headersSent) return void response.end();
    response.status(status);
    if (request.path.startsWith('/api/') || request.accepts(['json', 'html']) !== 'html') {
      const body = exception.getResponse();
      response.json(typeof body === 'string' ? { statusCode: status, message: body } : body);
      return;
    }
    const session = sessionOf(request);
    const { title, body } = errorPage(status, exception.message);
    response.send(this.layout.render({ title, body, session }));
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
