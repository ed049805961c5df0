import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { tell } from './story.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  logger: ['error'],
  forceCloseConnections: true,
});
await app.listen(0, '127.0.0.1');
tell({ kind: 'listens', url: await app.getUrl() });

// The terminal sends a Ctrl-C to every process; who started this one says when to end.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => void app.close());
