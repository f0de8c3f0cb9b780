import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EngineError } from '../../engine/errors.ts'
import { orWhenMissing, replaceFile } from './files.ts'

/** Version of the layout of a data directory. */
export const layoutFormat = 1

/** Says that a store was created completely, and how much of it must at least be there. */
export type Manifest = {
  readonly format: number
  readonly created: string
  /** What created it: runtime, platform and architecture. */
  readonly runtime: string
  /** The data file has been this long and never gets shorter. */
  readonly bytes_min: number
}

/** A manifest for a store that was created just now. */
export function newManifest(bytes_min: number): Manifest {
  const runtime = `node ${process.versions.node} ${process.platform} ${process.arch}`
  return { format: layoutFormat, created: new Date().toISOString(), runtime, bytes_min }
}

/**
 * Reads the manifest: undefined when there is none, 'unreadable' when it is not one.
 * @throws EngineError STORE_DAMAGED when a later version has written it
 */
export async function readManifest(folder: string): Promise<Manifest | 'unreadable' | undefined> {
  const text = await orWhenMissing(readFile(manifestPath(folder), 'utf8'), undefined)
  if (text === undefined) return undefined
  const manifest = parse(text)
  if (manifest !== 'unreadable' && manifest.format > layoutFormat) {
    const message = `${folder} has format ${manifest.format} and this version knows up to ${layoutFormat}; start the newer version`
    throw new EngineError('STORE_DAMAGED', message, { value: manifest.format })
  }
  return manifest
}

/** Writes the manifest durably. */
export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(manifestPath(folder), [Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`)])
}

function manifestPath(folder: string): string {
  return join(folder, 'manifest.json')
}

function parse(text: string): Manifest | 'unreadable' {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return 'unreadable'
    throw thrown
  }
  if (typeof found !== 'object' || found === null) return 'unreadable'
  const { format, created, runtime, bytes_min } = found as Record<string, unknown>
  if (typeof format !== 'number' || typeof created !== 'string') return 'unreadable'
  if (typeof runtime !== 'string' || typeof bytes_min !== 'number') return 'unreadable'
  return { format, created, runtime, bytes_min }
}
