// A fresh clone has no node_modules: install exactly what the lockfile names, then let the script go on.
const { existsSync } = require('node:fs')
const { execSync } = require('node:child_process')
if (!existsSync('node_modules/.package-lock.json'))
  execSync('npm ci --no-audit --no-fund --loglevel=error', { stdio: 'inherit' })
