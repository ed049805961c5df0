/** Runs checks one after another, says how each went, and remembers whether all did. */
export class Checks {
  #failed = 0;

  /** @returns what the work gave, or `undefined` when it failed: the checks behind it go on. */
  async run(name, work) {
    const started = performance.now();
    const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
    try {
      const result = await work();
      console.log(`  ok      ${name} (${seconds()})`);
      return result;
    } catch (error) {
      this.#failed += 1;
      const reason = error instanceof Error ? error.message : String(error);
      console.log(`  FAILED  ${name} (${seconds()})\n${reason.replace(/^/gm, '          ')}`);
      return undefined;
    }
  }

  /** Sets the exit code. */
  end() {
    if (this.#failed > 0) process.exitCode = 1;
  }
}

export function expect(condition, message) {
  if (!condition) throw new Error(message);
}
