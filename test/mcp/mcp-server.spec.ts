import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CompiledPackage } from '../support/child-app.js';
import { HTTP_PLATFORMS, type HttpPlatform } from '../support/start-site.js';
import type { Findings } from './support/mcp-program.js';

describe('A real MCP server, called with the official client', () => {
  let compiled: CompiledPackage;

  beforeAll(async () => {
    compiled = await CompiledPackage.create();
  });
  afterAll(() => compiled.remove());

  async function findingsOn(platform: HttpPlatform): Promise<Findings> {
    const program = await compiled.runFile('test/mcp/support/mcp-program.ts', [platform]);
    expect(await program.closed).toBe(0);
    expect(program.lines).toHaveLength(1);
    return JSON.parse(program.lines[0] ?? '') as Findings;
  }

  it.each(HTTP_PLATFORMS)('knows on %s which agent is calling a tool', async (platform) => {
    const { agentIds, answers, refusals, guardedTool } = await findingsOn(platform);
    const [first, second] = agentIds;

    expect(answers).toEqual([first, second, first, second]);
    expect(refusals).toEqual({
      'no token': 'UnauthorizedError: Unauthorized',
      'another domain': 'UnauthorizedError: Unauthorized',
      'a passport': 'UnauthorizedError: Unauthorized',
    });
    expect(guardedTool).toEqual({
      withToken: `${first} as user of j-1`,
      withoutToken: expect.stringContaining('An MCP access token is required'),
    });
  });
});
