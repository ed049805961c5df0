// A Nest application that serves the same route behind no guard, behind one that does nothing, and behind ours.
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startWeb } from '../harness/web.mjs';

const ADAPTERS = { Express: ExpressAdapter, Fastify: FastifyAdapter };

/** @returns {Promise<string>} its address */
export async function open({ baseUrl, platform }) {
  const { url } = await startWeb(baseUrl, new ADAPTERS[platform]());
  return url;
}
