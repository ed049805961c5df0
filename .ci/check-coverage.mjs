// Compares the branch coverage of the last test run with the threshold in jest.config.js.
import { readFileSync } from 'node:fs';
import config from '../jest.config.js';

const summary = new URL('../coverage/coverage-summary.json', import.meta.url);
const { branches } = JSON.parse(readFileSync(summary, 'utf8')).total;
const least = config.coverageThreshold.global.branches;
console.log(
  `${branches.pct} % of ${branches.total} branches are covered; at least ${least} % must be`,
);
if (!(branches.pct >= least)) process.exitCode = 1;
