import { McpStrategy, StreamableHttpTransport } from '@rekog/mcp-nest';

/** Serves the tools over HTTP. It refuses pages of other hosts, which a browser could lead to a server on this machine. */
export const transport = new StreamableHttpTransport({ security: { allowedOrigins: 'localhost' } });

export const mcpServer = new McpStrategy({
  name: 'sample',
  version: '1.0.0',
  transports: [transport],
});
