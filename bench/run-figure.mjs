// Measures one figure in a process of its own: what one leaves behind in the heap and in the compiler must not touch the next.
import { FIGURES } from './figures/index.mjs';
import { createContext } from './harness/context.mjs';
import { tableOf } from './report/table.mjs';

const [name, size] = process.argv.slice(2);
const context = await createContext(size === 'quick');
const result = await FIGURES[name](context);
await context.load.stop();
if (process.send) process.send(result, () => process.disconnect());
else console.log(tableOf(result.rows));
