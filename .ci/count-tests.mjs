// Prints how many tests of a jest report passed and failed. A file that could not be run is a failure, a missing report is none.
import { existsSync, readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
const [, , report] = process.argv;
const files = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')).testResults : [];
for (const file of files) {
  const red = file.assertionResults.filter((test) => test.status === 'failed').length;
  passed += file.assertionResults.filter((test) => test.status === 'passed').length;
  failed += file.status === 'failed' ? Math.max(red, 1) : red;
}
console.log(passed, failed);
