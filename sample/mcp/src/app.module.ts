import { Module } from '@nestjs/common';
import { LimeMcpModule } from 'nestjs-lime-sites/mcp';
import { AgentTools } from './agent.tools.js';
import { McpEndpointController } from './mcp-endpoint.controller.js';

/** An application that serves MCP and nothing else needs no site token. */
@Module({
  imports: [
    LimeMcpModule.forRootAsync({
      useFactory: () => {
        const { MCP_URL: resource = '' } = process.env;
        return { domain: new URL(resource).hostname, resource };
      },
    }),
  ],
  controllers: [McpEndpointController, AgentTools],
})
export class AppModule {}
