// Prints the test files of a jest report in which something failed.
import { readFileSync } from 'node:fs';

const [report = ''] = process.argv.slice(2);
const { testResults } = JSON.parse(readFileSync(report, 'utf8'));
for (const { name, status } of testResults) if (status === 'failed') console.log(name);
