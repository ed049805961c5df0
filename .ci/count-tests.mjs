// Prints how many tests passed and failed in a jest report. A file that could not be run is a failure.
import { existsSync, readFileSync } from 'node:fs';

const [report = ''] = process.argv.slice(2);
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  console.log(numPassedTests, numFailedTests + numRuntimeErrorTestSuites);
} else {
  console.log(0, 0);
}
