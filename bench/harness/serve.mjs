// The other end of a Remote.
import { Profiler } from './profiler.mjs';

const [module] = process.argv.slice(2);
const profiler = new Profiler();
const functions = {
  ...(await import(new URL(`../${module}`, import.meta.url))),
  startProfile: () => profiler.start(),
  endProfile: () => profiler.end(),
};

process.on('message', async ({ call, name, input }) => {
  try {
    process.send({ call, result: await functions[name](input) });
  } catch (error) {
    process.send({ call, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
