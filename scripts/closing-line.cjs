// A jest reporter: the last line of a run says plainly how many tests passed, failed, and were skipped.
module.exports = class ClosingLine {
  onRunComplete(_contexts, { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites }) {
    // A file that could not be run at all has no tests that failed, but it did.
    const failed = numFailedTests + numRuntimeErrorTestSuites;
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : "";
    // Below jest's own summary, which is printed after this.
    process.once("exit", () => console.log(`${numPassedTests} passed, ${failed} failed${skipped}`));
  }
};
