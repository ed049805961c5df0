import { ExecutionContextHost } from '@nestjs/core/internal';
import { Test } from '@nestjs/testing';
import { describe, expect, it, jest } from '@jest/globals';
import { LimeSitesModule, PassportException, PassportGuard } from 'nestjs-lime-sites';

const missing = () => {
  throw new Error('Cannot find package');
};
jest.unstable_mockModule('@nestjs/websockets', missing);
jest.unstable_mockModule('@nestjs/microservices', missing);

describe('A guard in a bundle without the optional packages of Nest', () => {
  it.each(['ws', 'rpc'])('still refuses a message of type %s', async (type) => {
    const module = await Test.createTestingModule({
      imports: [LimeSitesModule.forRoot({ siteToken: 'st_1' })],
      providers: [PassportGuard],
    }).compile();
    const context = new ExecutionContextHost([{}, {}, 'pattern'], Object, () => undefined);
    context.setType(type);
    const answer = module.get(PassportGuard).canActivate(context);
    await expect(answer).rejects.toBeInstanceOf(PassportException);
    await expect(answer).rejects.toMatchObject({ code: 'missing_token' });
  });
});
