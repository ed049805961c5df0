import { runSite } from './console/run-site.js';

const ending = new AbortController();
const end = () => ending.abort();
// Not once(): npm forwards a Ctrl-C that the terminal has sent already.
process.on('SIGINT', end);
process.on('SIGTERM', end);

process.exitCode = await runSite(process.argv.slice(2), ending.signal);
