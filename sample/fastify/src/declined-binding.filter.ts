import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { PassportRefusalCode } from 'nestjs-lime-sites';

/** A callback without a code is no error: the person declined. Other refusals stay as the guard made them. */
@Catch(HttpException)
export class DeclinedBindingFilter implements ExceptionFilter<HttpException> {
  catch(exception: HttpException, host: ArgumentsHost): void {
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    const body = exception.getResponse();
    const { code } = body as { code?: PassportRefusalCode };
    if (code !== 'missing_token') return void reply.status(exception.getStatus()).send(body);
    reply.removeHeader('WWW-Authenticate');
    void reply.status(200).send({ message: 'No agent was connected, and nothing changed.' });
  }
}
