import { setMaxListeners } from 'node:events';
import { type Dispatcher, EnvHttpProxyAgent } from 'undici';

/** The proxy for calls over HTTPS. */
export interface HttpProxy {
  url: string;
  /** Hosts to reach without it, as `NO_PROXY` lists them. */
  noProxy: string;
}

/**
 * Creates the agent for applications without an `httpClient`: keep-alive, and a proxy for HTTPS. `HTTP_PROXY` is ignored on
 * purpose: plain HTTP is for loopback, which a proxy cannot reach.
 * @param signal ends every socket, also one that is still connecting.
 */
export function createAgent(proxy: HttpProxy | undefined, signal: AbortSignal): Dispatcher {
  setMaxListeners(0, signal); // one for each socket
  const connect = { signal, keepAlive: true };
  return new EnvHttpProxyAgent({
    connect,
    proxyTls: connect,
    httpProxy: '',
    httpsProxy: proxy?.url ?? '',
    noProxy: proxy?.noProxy ?? '',
  });
}
