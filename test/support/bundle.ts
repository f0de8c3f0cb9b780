import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const root = fileURLToPath(new URL('../../', import.meta.url))
const children = join(root, 'test/e2e')

/**
 * For Vitest's `globalSetup`: makes a few large files of the sources as they are now, once for each run of the tests, and
 * names their folder in the environment for `command.ts`. Tests start the command and the programs beside them hundreds
 * of times, and half of what a start costs is to find and read hundreds of small files. Packages stay outside, and each
 * file still knows its own place.
 * @returns what removes it
 */
export default async function bundle(): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), 'promethean-built-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  const programs = readdirSync(children).filter((name) => name.endsWith('-child.ts'))
  const made = await rolldown({
    input: [join(root, 'adapters/cli.ts'), ...programs.map((name) => join(children, name))],
    platform: 'node',
    external: (name) => !/^[./]/.test(name),
    plugins: [
      {
        name: 'own-place',
        transform: (code, path) =>
          code.includes('import.meta.url')
            ? code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href))
            : null,
      },
    ],
  })
  await made.write({ dir: folder, entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' })
  await made.close()
  process.env['TESTED_PROGRAMS'] = folder
  // What is compiled of files that go away goes away with them.
  process.env['NODE_COMPILE_CACHE'] = join(folder, 'compiled')
  return () => rmSync(folder, { recursive: true, force: true })
}
