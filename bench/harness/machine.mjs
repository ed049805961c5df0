import { cpus } from 'node:os';

const cores = cpus();

/** What was measured on; a figure means nothing without it. */
export const machine = {
  node: process.version,
  cpu: cores[0]?.model.trim() ?? 'unknown',
  cores: cores.length,
  platform: `${process.platform} ${process.arch}`,
  get text() {
    return `Node ${this.node}, ${this.cores} cores (${this.cpu}), ${this.platform}`;
  },
};
