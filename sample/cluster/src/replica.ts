import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { AppModule } from './app.module.js';
import { report } from './story.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, {
  logger: ['error'],
  forceCloseConnections: true,
});
await app.listen(0, '127.0.0.1');
report({ kind: 'listens', url: await app.getUrl() });

// The terminal sends a Ctrl-C to every process. This one ends when its parent disconnects.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => void app.close());
