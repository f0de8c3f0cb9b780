import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * These replace modules, methods, clocks or the environment, or look at what was never loaded before: each gets a process
 * of its own; so do those whose support calls `afterEach` as it is loaded, which happens once a process. All others share
 * one with what they import, so none of them may leave anything changed.
 */
const ownProcess = [
  'test/unit/context.test.ts',
  'test/unit/engine-time.test.ts',
  'test/unit/fs/*.test.ts',
  'test/unit/memory-limits.test.ts',
  'test/unit/openai.test.ts',
  'test/unit/openai-missing.test.ts',
  'test/unit/telemetry.test.ts',
  'test/unit/usearch-missing.test.ts',
]
/** These start and kill processes, or run for long: their imports count for little. */
const slow = ['test/e2e/**/*.test.ts', 'test/sim/**/*.test.ts']

// Every child compiles what the one before it compiled, unless they keep it in one place.
process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'node-compile-cache')

/** What starts processes goes first, so that no worker is left with a slow file at the end. */
class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isSlow = ({ moduleId }: TestSpecification): boolean => /\/test\/(e2e|sim)\//.test(moduleId)
    return [...sorted.filter(isSlow), ...sorted.filter((file) => !isSlow(file))]
  }
}

const common = { root: '.', pool: 'forks', testTimeout: 30_000, hookTimeout: 30_000 } as const

export default defineConfig({
  test: {
    root: '.',
    // As many as a small machine has cores: some tests hold others to deadlines.
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          ...common,
          name: 'processes',
          include: slow,
          globalSetup: 'test/support/bundle.ts',
          // A busy machine is slow; this only ends one that hangs.
          testTimeout: 90_000,
          hookTimeout: 90_000,
        },
      },
      { test: { ...common, name: 'alone', include: ownProcess } },
      {
        test: {
          ...common,
          name: 'together',
          include: ['test/**/*.test.ts', 'engine/**/*.test.ts'],
          exclude: [...slow, ...ownProcess],
          isolate: false,
        },
      },
    ],
  },
})
