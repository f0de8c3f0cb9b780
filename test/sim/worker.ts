import { parentPort } from 'node:worker_threads'
import type { SimOptions } from './report.ts'
import { simulate } from './run.ts'

/** Runs one simulation after the other for whoever started this thread. */
parentPort?.on('message', async (options: SimOptions) => {
  parentPort?.postMessage(await simulate(options))
})
