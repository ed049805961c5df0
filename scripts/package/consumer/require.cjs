// The package is ESM; CommonJS applications load it with require().
const assert = require('node:assert/strict');

const {
  LimeSitesModule,
  LimeSiteService,
  OnLimeLogin,
  PassportGuard,
} = require('nestjs-lime-sites');
const { LimeSandbox, SandboxAgent } = require('nestjs-lime-sites/testing');

for (const exported of [LimeSitesModule, LimeSiteService, OnLimeLogin, PassportGuard]) {
  assert.equal(typeof exported, 'function');
}
assert.throws(() => require('nestjs-lime-sites/dist/index.js'), { code: /NOT_EXPORTED/ });

// What is optional is not needed before it is used, and then says what is missing.
const { bullMqCluster } = require('nestjs-lime-sites/bullmq');
void assert.rejects(async () => bullMqCluster({ url: 'redis://127.0.0.1' }).join({}), {
  code: 'MISSING_PACKAGE',
  message: /npm install bullmq ioredis/,
});

void LimeSandbox.start().then(async (lime) => {
  const { requestId } = lime.createLoginRequest();
  const { attempts } = await new SandboxAgent(lime).login(requestId);
  assert.ok(attempts > 0);
  await lime.stop();
});
