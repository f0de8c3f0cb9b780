import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { CliError, exitCodes } from '../exit.ts'

/** A corpus and the questions asked of it; `gold` names the events that answer. */
export type Corpus = {
  readonly name: string
  /** Lines of events. */
  readonly bytes: Buffer
  readonly questions: readonly { readonly query: string; readonly gold: readonly string[] }[]
}
/** Corpora of one kind, each an own world. */
export type CorpusSet = { readonly name: string; readonly corpora: readonly Corpus[] }
/** Documents in several versions: those with the same path are a family. */
export type VersionSet = { readonly name: string; readonly documents: readonly VersionedDocument[] }
export type VersionedDocument = { readonly version: string; readonly path: string; readonly text: string }

const depthMax = 4
/** A folder holds versions of the same documents when at least this share of the paths is in more than one. */
const sharedPathsMin = 0.25
const versionName = /^(?:v?\d[\w.-]*|latest|stable|current|next|main)$/i

/** All that can be measured below these folders. @throws CliError 65 when there is nothing, or a file is malformed */
export function findSets(folders: readonly string[]): { corpora: CorpusSet[]; versions: VersionSet[] } {
  const found = new Map<string, Corpus[]>()
  const versions: VersionSet[] = []
  for (const folder of folders) {
    const root = resolve(folder)
    if (!existsSync(root)) throw new CliError(exitCodes.data, `there is no folder ${folder}`)
    walk(root, 0, found, versions)
  }
  if (found.size === 0 && versions.length === 0) {
    throw new CliError(
      exitCodes.data,
      `${folders.join(', ')}: no corpus.jsonl with queries.jsonl, and no versions of notes`,
    )
  }
  const corpora = [...found].map(([folder, list]) => ({ name: basename(folder), corpora: list }))
  return { corpora, versions }
}

function walk(folder: string, depth: number, found: Map<string, Corpus[]>, versions: VersionSet[]): void {
  if (existsSync(join(folder, 'corpus.jsonl')) && existsSync(join(folder, 'queries.jsonl'))) {
    const set = dirname(folder)
    found.set(set, [...(found.get(set) ?? []), corpusAt(folder)])
    return
  }
  const below = foldersIn(folder)
  const documents = versionsAt(folder, below)
  if (documents !== undefined) versions.push({ name: basename(folder), documents })
  else if (depth < depthMax) for (const name of below) walk(join(folder, name), depth + 1, found, versions)
}

function foldersIn(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort()
}

function corpusAt(folder: string): Corpus {
  const file = join(folder, 'queries.jsonl')
  const lines = readFileSync(file, 'utf8').split('\n')
  const questions = lines.flatMap((line, at) => (line.trim() === '' ? [] : [questionOf(line, `${file}:${at + 1}`)]))
  return { name: basename(folder), bytes: readFileSync(join(folder, 'corpus.jsonl')), questions }
}

function questionOf(line: string, place: string): Corpus['questions'][number] {
  try {
    const { query, gold } = JSON.parse(line) as { query?: unknown; gold?: unknown }
    if (typeof query === 'string' && Array.isArray(gold) && gold.length > 0) return { query, gold: gold.map(String) }
  } catch (thrown) {
    if (!(thrown instanceof SyntaxError)) throw thrown
  }
  throw new CliError(exitCodes.data, `${place}: not {"query": "<text>", "gold": ["<id>", …]}`)
}

/** The documents of a folder of versions, or undefined when it is none. */
function versionsAt(folder: string, below: readonly string[]): VersionedDocument[] | undefined {
  if (below.filter((name) => versionName.test(name)).length < Math.max(2, below.length / 2)) return undefined
  const documents = below.flatMap((version) =>
    notesIn(join(folder, version), '').map((path) => ({ version, path, file: join(folder, version, path) })),
  )
  const times = new Map<string, number>()
  for (const { path } of documents) times.set(path, (times.get(path) ?? 0) + 1)
  const shared = [...times.values()].filter((count) => count > 1).length
  if (shared === 0 || shared / times.size < sharedPathsMin) return undefined
  return documents.map(({ version, path, file }) => ({ version, path, text: readFileSync(file, 'utf8') }))
}

function notesIn(root: string, below: string): string[] {
  const entries = readdirSync(join(root, below), { withFileTypes: true })
  const sorted = entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  return sorted.flatMap((entry) => {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) return notesIn(root, path)
    return entry.isFile() && entry.name.endsWith('.md') ? [path] : []
  })
}
