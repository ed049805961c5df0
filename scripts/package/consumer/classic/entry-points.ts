// All entry points, in a CommonJS project whose compiler does not read the `exports` of packages.
import 'reflect-metadata';
import assert = require('node:assert/strict');
import { LimeSitesModule } from 'nestjs-lime-sites';
import { bullMqCluster } from 'nestjs-lime-sites/bullmq';
import { McpTokenGuard } from 'nestjs-lime-sites/mcp';
import { ApiPassport } from 'nestjs-lime-sites/swagger';
import { LimeSitesHealthIndicator } from 'nestjs-lime-sites/terminus';
import { LimeSandbox } from 'nestjs-lime-sites/testing';

const exported = [
  LimeSitesModule,
  bullMqCluster,
  McpTokenGuard,
  ApiPassport,
  LimeSitesHealthIndicator,
  LimeSandbox,
];
for (const one of exported) assert.equal(typeof one, 'function');
