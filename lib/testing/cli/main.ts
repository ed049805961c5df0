#!/usr/bin/env node
import { runSandboxCommand } from './run-sandbox-command.js';

const ending = new AbortController();
const end = () => ending.abort();
process.on('SIGINT', end);
process.on('SIGTERM', end);
// A closed pipe (`lime-sandbox | head -3`) ends the command without an error.
process.stdout.on('error', end);

const { stdout, stderr, env } = process;
process.exitCode = 1;
void runSandboxCommand(process.argv.slice(2), { stdout, stderr, env, signal: ending.signal }).then(
  (code) => {
    process.exitCode = code;
    return code;
  },
);
