// Puts the compiled files together, one for each entry point and a few for what they share: a hundred small files take five
// times as long to load. Nothing is renamed or minified, and the declarations stay as they are. Run by `npm run build`.
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rollup } from 'rollup';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const { exports, bin } = JSON.parse(readFileSync('package.json', 'utf8'));
const entries = [...Object.values(exports).map((entry) => entry.default), ...Object.values(bin)];

const bundle = await rollup({
  input: Object.fromEntries(
    entries.filter(Boolean).map((file) => [/dist\/(.*)\.js$/.exec(file)[1], file]),
  ),
  external: (id) => !/^[./]/.test(id),
  onwarn: ({ code, message }) => {
    if (code !== 'THIS_IS_UNDEFINED') throw new Error(message); // in the compiler's helpers for decorators
  },
});
const outputOptions = {
  dir: 'dist',
  format: 'es',
  entryFileNames: '[name].js',
  chunkFileNames: ({ moduleIds }) => `shared/${chunkName(moduleIds)}.js`,
  hoistTransitiveImports: false,
  minifyInternalExports: false,
};
await bundle.generate(outputOptions); // everything has been read now
for (const file of readdirSync('dist', { recursive: true })) {
  if (file.endsWith('.js') && !file.startsWith('schematics')) rmSync(`dist/${file}`);
}
await bundle.write(outputOptions);
await bundle.close();

/** For stack traces: what most of a chunk is. */
function chunkName(moduleIds) {
  const holds = (room) => moduleIds.some((id) => id.includes(`/dist/${room}/`));
  if (holds('testing')) return 'sandbox';
  return holds('nest') ? 'site' : '[name]';
}
