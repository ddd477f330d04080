// Adds up vitest's JSON reports in a folder, prints the counts, and exits with 1 if a test failed or was skipped, or if
// `broken` is 1: a suite ended with an error.
const { readdirSync, readFileSync } = require('node:fs');
const { join } = require('node:path');

const [folder, broken] = process.argv.slice(2);
const reports = readdirSync(folder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));

const sum = (count) => reports.reduce((total, report) => total + count(report), 0);
const passed = sum((report) => report.numPassedTests);
const skipped = sum((report) => report.numPendingTests + report.numTodoTests);
let failed = sum((report) => report.numFailedTests + brokenFiles(report));
if (failed === 0 && (broken === '1' || passed === 0)) failed = 1;

for (const { name, message } of reports.flatMap((report) => report.testResults))
  if (message) console.log(`${name}: ${message}`);
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed > 0 || skipped > 0 ? 1 : 0;

/** Counts files without a failed test that failed all the same: in loading or in a hook. */
function brokenFiles(report) {
  return report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  ).length;
}
