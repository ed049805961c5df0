import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { PassportExceptionCode } from 'nestjs-lime-sites';

/** Answers 200 to a callback without a code: the person declined, which is not an error. Does not change other refusals. */
@Catch(HttpException)
export class DeclinedBindingFilter implements ExceptionFilter<HttpException> {
  catch(exception: HttpException, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const body = exception.getResponse();
    const { code } = body as { code?: PassportExceptionCode };
    if (code !== 'missing_token') return void reply.status(exception.getStatus()).send(body);
    reply.removeHeader('WWW-Authenticate');
    void reply.status(200).send({ message: 'No agent was connected, and nothing changed.' });
  }
}
