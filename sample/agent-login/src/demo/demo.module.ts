import { type DynamicModule, Module } from '@nestjs/common';
import { SandboxAgent } from 'nestjs-lime-sites/testing';
import { AppModule } from '../app.module.js';
import { DemoController } from './demo.controller.js';

/** The site, and beside it a way to approve as the demo agent. */
@Module({})
export class DemoModule {
  static forAgent(agent: SandboxAgent): DynamicModule {
    return {
      module: DemoModule,
      imports: [AppModule],
      controllers: [DemoController],
      providers: [{ provide: SandboxAgent, useValue: agent }],
    };
  }
}
