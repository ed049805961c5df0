// The other end of a Remote.
const [module] = process.argv.slice(2);
const functions = await import(new URL(`../${module}`, import.meta.url));

process.on('message', async ({ call, name, input }) => {
  try {
    process.send({ call, result: await functions[name](input) });
  } catch (error) {
    process.send({ call, error: String(error?.stack ?? error) });
  }
});
process.on('disconnect', () => process.exit());
