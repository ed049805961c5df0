import { describe, expect, it } from '@jest/globals';
import { Agent } from 'undici';
import { useCleanup } from '../support/cleanup.js';
import { useStarter } from '../support/start-site.js';
import { certificateFor, TlsServer } from '../support/tls-server.js';
import { until } from '../support/until.js';

const start = useStarter();
const closeLater = useCleanup();

async function startBehindTls(host: string, trusted: boolean) {
  const lime = await start.lime();
  const certificate = await certificateFor(host);
  const server = await TlsServer.start(certificate, lime.port);
  closeLater(() => server.stop());
  const httpClient = new Agent({ connect: trusted ? { ca: certificate.cert } : {} });
  closeLater(() => httpClient.destroy());
  const baseUrl = `https://127.0.0.1:${server.port}/api/v1`;
  return { ...(await start.site({ lime, options: { baseUrl, httpClient } })) };
}

describe('A TLS certificate', () => {
  it('is accepted when it is trusted and for the right host', async () => {
    const { site } = await startBehindTls('127.0.0.1', true);

    await until(() => site.connection.state === 'open');
    await site.createLoginRequest();
  });

  it.each([
    ['not signed by a trusted authority', '127.0.0.1', false],
    ['for another host', 'other.example', true],
  ])(
    'is refused when it is %s: the token is not sent, and the next attempt follows after 30 s',
    async (_, host, trusted) => {
      const { lime, site, logs } = await startBehindTls(host, trusted);

      await until(() => site.connection.state === 'unauthorized');

      expect(site.connection.lastError).toMatchObject({ code: 'TLS_REFUSED' });
      expect(lime.calls).toEqual([]);
      expect(logs.of('error')).toHaveLength(1);
      expect(logs.of('error')[0]).toMatch(
        /^Event stream refused \(.*\), reconnecting in 3\d\.\d s$/,
      );
      await expect(site.createLoginRequest()).rejects.toMatchObject({ code: 'STREAM_UNAVAILABLE' });
    },
  );
});
