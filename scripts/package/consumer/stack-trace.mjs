// Prints where a wrong option is refused.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import { LimeSitesModule } from 'nestjs-lime-sites';

class RootModule {}
const imports = [LimeSitesModule.forRoot({ siteToken: 'st_any', timeoutMs: -1 })];
await NestFactory.createApplicationContext(
  { module: RootModule, imports },
  { logger: false, abortOnError: false },
).catch(({ stack }) => console.log(stack));
