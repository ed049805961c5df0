import { EnvHttpProxyAgent, type Dispatcher } from 'undici';

/**
 * The agent used when the application brings none: keep-alive, and `HTTPS_PROXY` / `NO_PROXY` from the environment.
 * `HTTP_PROXY` is left aside on purpose: plain HTTP is for loopback, which no proxy can reach.
 */
export function createAgent(): Dispatcher {
  return new EnvHttpProxyAgent({ httpProxy: '' });
}
