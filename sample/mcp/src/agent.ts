import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

/**
 * Calls the tool as an agent does, with the official MCP client.
 * @param token gives the access token; the client asks for it before every request.
 * @returns what the tool answers.
 */
export async function askWhoAmI(
  url: string,
  token: () => Promise<string | undefined>,
): Promise<string> {
  const client = new Client({ name: 'sample-agent', version: '1.0.0' });
  try {
    const authProvider = { token };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { authProvider }));
    const { content } = await client.callTool({ name: 'who_am_i' });
    return content.map((part) => (part.type === 'text' ? part.text : part.type)).join(' ');
  } finally {
    await client.close();
  }
}
