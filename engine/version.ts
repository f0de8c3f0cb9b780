import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

/** This package's version, as its manifest says: one folder up in the sources, two in the built package. */
export const version: string = (require('promethean/package.json') as { version: string }).version

/** The runtime whose arithmetic the record depends on. */
export const runtimeName: string = `node-${process.versions.node}`
