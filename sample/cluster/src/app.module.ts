import { Module } from '@nestjs/common';
import { LimeSitesModule } from 'nestjs-lime-sites';
import { bullMqCluster } from 'nestjs-lime-sites/bullmq';
import { LoginsController } from './logins.controller.js';
import { LoginsService } from './logins.service.js';

@Module({
  imports: [
    LimeSitesModule.forRootAsync({
      useFactory: () => ({
        // Two seconds, for a quick takeover in this sample. The default is ten.
        cluster: bullMqCluster({ url: process.env['REDIS_URL'], takeoverMs: 2_000 }),
      }),
    }),
  ],
  controllers: [LoginsController],
  providers: [LoginsService],
})
export class AppModule {}
