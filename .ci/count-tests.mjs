// Prints how many tests passed and failed. Of a file that is in several jest reports the last one counts; one that
// could not be run is a failure.
import { existsSync, readFileSync } from 'node:fs';

const files = new Map();
for (const report of process.argv.slice(2).filter((path) => existsSync(path))) {
  for (const file of JSON.parse(readFileSync(report, 'utf8')).testResults)
    files.set(file.name, file);
}
let passed = 0;
let failed = 0;
for (const { status, assertionResults } of files.values()) {
  const red = assertionResults.filter((test) => test.status === 'failed').length;
  passed += assertionResults.filter((test) => test.status === 'passed').length;
  failed += status === 'failed' ? Math.max(red, 1) : red;
}
console.log(passed, failed);
