import { type ExecutionContext, HttpException } from '@nestjs/common';
import type { PassportRefusal } from './passport-refusal.js';

/** The status texts of the answers a guard gives (RFC 9110 section 15). */
const STATUS_TEXTS: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  503: 'Service Unavailable',
};

/**
 * The exception that the transport of this context turns into an answer. The packages of gateways and microservices are
 * loaded here, because whoever has such a context has them, and nobody else needs them.
 */
export async function transportException(
  context: ExecutionContext,
  refusal: PassportRefusal,
): Promise<Error> {
  const { code, message, httpStatus: statusCode } = refusal;
  switch (context.getType<string>()) {
    case 'ws': {
      const { WsException } = await import('@nestjs/websockets');
      return withCause(new WsException({ status: 'error', code, message }), refusal);
    }
    case 'rpc': {
      const { RpcException } = await import('@nestjs/microservices');
      return withCause(new RpcException({ status: 'error', statusCode, code, message }), refusal);
    }
    default: {
      const body = { statusCode, error: STATUS_TEXTS[statusCode], message, code };
      return new HttpException(body, statusCode, { cause: refusal.cause });
    }
  }
}

function withCause(exception: Error, { cause }: PassportRefusal): Error {
  return Object.defineProperty(exception, 'cause', { value: cause, configurable: true });
}
