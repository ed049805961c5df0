import { Controller, UseGuards } from '@nestjs/common';
import { McpHttpControllerFor } from '@rekog/mcp-nest';
import { McpTokenGuard } from 'nestjs-lime-sites/mcp';
import { transport } from './mcp-server.js';

/** The endpoint of the MCP server as a route of Nest, so that the guard applies to every call of every tool. */
@Controller('mcp')
@UseGuards(McpTokenGuard)
export class McpEndpointController extends McpHttpControllerFor(transport) {}
