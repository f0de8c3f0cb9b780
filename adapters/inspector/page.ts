import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire, stripTypeScriptTypes } from 'node:module'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reasonOf } from '../../engine/errors.ts'
import type { Log } from '../../engine/flow/adapter.ts'
import { headersAlways, type Reply } from './http.ts'

/** The files of the page, read all at once: what a request names is looked up, never opened. */

type File = { readonly bytes: Buffer; readonly type: string; readonly tag: string }
export type Page = {
  /** The file at a path, or undefined. With `if-none-match` as the browser has it: 304. */
  at(path: string, known: string | undefined): Reply | undefined
}

const require = createRequire(import.meta.url)
/** Whether this is the source tree, where the page is TypeScript, or the built package, where it is not. */
const inSource = import.meta.url.endsWith('.ts')
const types: { readonly [extension: string]: string } = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.ts': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}
/** Other people's parts, whole files as they are shipped: where in their package, and as what the page knows them. */
const vendored: readonly (readonly [packageName: string, file: string, as: string])[] = [
  ['uplot', 'dist/uPlot.iife.min.js', 'uPlot.iife.min.js'],
  ['uplot', 'dist/uPlot.min.css', 'uPlot.min.css'],
  ['d3-dispatch', 'dist/d3-dispatch.min.js', 'd3-dispatch.min.js'],
  ['d3-quadtree', 'dist/d3-quadtree.min.js', 'd3-quadtree.min.js'],
  ['d3-timer', 'dist/d3-timer.min.js', 'd3-timer.min.js'],
  ['d3-force', 'dist/d3-force.min.js', 'd3-force.min.js'],
]
/** Everything the page uses comes from where it comes from itself, and nothing may frame it. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ')

/** The page, read when it is first asked for. Where parts of it are missing the daemon goes on without one, and the log says so. */
export function pageOf(log: Log): Page {
  let files: ReadonlyMap<string, File> | undefined
  return {
    at: (path, known) => {
      if (path !== '/' && !path.startsWith('/page/')) return undefined
      files ??= filesOr(log)
      const file = files.get(path === '/' ? '/page/index.html' : path)
      return file === undefined ? undefined : replyWith(file, known)
    },
  }
}

function filesOr(log: Log): ReadonlyMap<string, File> {
  try {
    const files = new Map([...ownFiles(), ...vendorFiles()])
    // The page names its first script as it is called in the sources.
    const main = files.get('/page/main.js')
    return main === undefined ? files : files.set('/page/main.ts', main)
  } catch (thrown) {
    log.warn({ reason: reasonOf(thrown) }, 'the inspector has no page, only its API: a file of it is missing')
    return new Map()
  }
}

function replyWith({ bytes, type, tag }: File, known: string | undefined): Reply {
  const headers = {
    ...headersAlways,
    'content-security-policy': policy,
    'content-type': type,
    'cache-control': 'no-cache',
    etag: tag,
  }
  return known === tag ? { status: 304, text: '', headers } : { status: 200, text: '', bytes, headers }
}

/** In the built package html and css lie where they lie in the sources, and the scripts are compiled. */
function ownFiles(): [string, File][] {
  const scripts = fileURLToPath(new URL('./page/', import.meta.url))
  const sheets = inSource ? scripts : fileURLToPath(new URL('../../../adapters/inspector/page/', import.meta.url))
  const wanted = inSource ? '.ts' : '.js'
  const found = [...filesIn(scripts, [wanted]), ...filesIn(sheets, ['.html', '.css', '.svg'])]
  return found.map((path) => [`/page/${path.slice(path.lastIndexOf('/') + 1)}`, fileAt(path)])
}

function filesIn(folder: string, extensions: readonly string[]): string[] {
  return readdirSync(folder)
    .filter((name) => extensions.includes(extname(name)))
    .map((name) => join(folder, name))
}

function vendorFiles(): [string, File][] {
  return vendored.map(([packageName, file, as]) => {
    // Their manifests are not exported, so the package's folder is found from what it exports.
    const entry = require.resolve(packageName)
    const root = entry.slice(
      0,
      entry.lastIndexOf(join('node_modules', packageName)) + join('node_modules', packageName).length,
    )
    return [`/page/vendor/${as}`, fileAt(join(root, file))]
  })
}

function fileAt(path: string): File {
  const source = readFileSync(path)
  const bytes = extname(path) === '.ts' ? Buffer.from(withoutTypes(source.toString())) : source
  const tag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`
  return { bytes, type: types[extname(path)] ?? 'application/octet-stream', tag }
}

/** Node strips the types of its own modules in the same way, and calls the function experimental. */
function withoutTypes(source: string): string {
  return stripTypeScriptTypes(source)
}
