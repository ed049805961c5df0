import { type DynamicModule, Module } from '@nestjs/common';
import { LimeSandbox, SandboxAgent } from 'nestjs-lime-sites/testing';
import { AppModule } from '../app.module.js';
import { SITE_EXTRAS } from '../web/site-extras.js';
import { DemoController } from './demo.controller.js';
import { DemoExtras } from './demo-extras.js';

/** The site, and routes that approve as the demo agent. */
@Module({})
export class DemoModule {
  static forSandbox(lime: LimeSandbox): DynamicModule {
    return {
      module: DemoModule,
      global: true,
      imports: [AppModule],
      controllers: [DemoController],
      providers: [
        { provide: LimeSandbox, useValue: lime },
        { provide: SandboxAgent, useValue: new SandboxAgent(lime) },
        { provide: SITE_EXTRAS, useClass: DemoExtras },
      ],
      exports: [SITE_EXTRAS],
    };
  }
}
