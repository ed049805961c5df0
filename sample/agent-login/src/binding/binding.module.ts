import { Module } from '@nestjs/common';
import { BindingController } from './binding.controller.js';
import { ConnectedAgents } from './connected-agents.js';

@Module({
  controllers: [BindingController],
  providers: [ConnectedAgents],
  exports: [ConnectedAgents],
})
export class BindingModule {}
