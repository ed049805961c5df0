import { createServer, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { generate } from 'selfsigned';

export interface Certificate {
  readonly key: string;
  /** A self-signed certificate, which is its own authority. */
  readonly cert: string;
}

/** Makes a certificate for one host name or address. Clients trust it only as an extra CA. */
export async function certificateFor(host: string): Promise<Certificate> {
  const isAddress = /^[\d.]+$/.test(host);
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [isAddress ? { type: 7, ip: host } : { type: 2, value: host }],
      },
    ],
  });
  return { key, cert };
}

/** TLS in front of a server on loopback. */
export class TlsServer {
  private constructor(private readonly server: Server) {}

  /** @param target the port on loopback behind it. */
  static async start({ key, cert }: Certificate, target: number): Promise<TlsServer> {
    const server = createServer({ key, cert });
    server.removeAllListeners('secureConnection');
    server.on('secureConnection', (client) => {
      const upstream = connect(target, '127.0.0.1');
      for (const socket of [client, upstream]) socket.on('error', () => undefined);
      client.pipe(upstream).pipe(client);
      client.on('close', () => upstream.destroy());
    });
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TlsServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.server.close(resolve));
  }
}
