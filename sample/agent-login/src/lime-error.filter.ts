import {
  type ArgumentsHost,
  Catch,
  type ExceptionFilter,
  HttpStatus,
  Logger,
} from '@nestjs/common';
import type { Response } from 'express';
import { LimeError } from 'nestjs-lime-sites';

/** LIME out of reach or unwilling is no fault of the client: 503, and the reason in the log only. */
@Catch(LimeError)
export class LimeErrorFilter implements ExceptionFilter<LimeError> {
  private readonly logger = new Logger(LimeErrorFilter.name);

  catch(error: LimeError, host: ArgumentsHost): void {
    this.logger.warn(`${error.code}: ${error.message}`);
    const statusCode = HttpStatus.SERVICE_UNAVAILABLE;
    const message = 'Logins are not possible at the moment';
    host.switchToHttp().getResponse<Response>().status(statusCode).json({ statusCode, message });
  }
}
