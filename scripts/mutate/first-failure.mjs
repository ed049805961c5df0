import { writeSync } from 'node:fs';

/** A reporter of jest that ends the run as soon as a test has failed, and says which one. */
export default class FirstFailure {
  onTestCaseResult(_test, { status, fullName }) {
    if (status === 'failed') this.#end(fullName);
  }

  onTestResult(_test, { testExecError }) {
    if (testExecError) this.#end('it does not even load');
  }

  #end(why) {
    writeSync(process.stdout.fd, why);
    process.exit(1);
  }
}
