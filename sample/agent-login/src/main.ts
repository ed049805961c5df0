import { runSite } from './console/run-site.js';

const ending = new AbortController();
const end = () => ending.abort();
process.once('SIGINT', end);
process.once('SIGTERM', end);

process.exitCode = await runSite(process.argv.slice(2), ending.signal);
