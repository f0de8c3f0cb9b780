// The closing line that says how many tests ran: `N passed, N failed, N skipped`. Exits 1 when anything failed.
const { existsSync, readFileSync } = require('node:fs')
const [, , path, otherFailures] = process.argv
const none = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, success: false }
const results = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : none
const failed = results.numFailedTests + Number(otherFailures !== '0' && results.numFailedTests === 0)
console.log(`${results.numPassedTests} passed, ${failed} failed, ${results.numPendingTests} skipped`)
process.exit(failed === 0 && results.success ? 0 : 1)
