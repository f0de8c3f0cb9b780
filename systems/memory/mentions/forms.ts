import type { Gathering } from './gathering.ts'
import { KeyKind, rank } from './kinds.ts'

const extensions = new Set(
  [
    'md mdx txt rst adoc pdf doc docx xls xlsx ppt pptx odt csv tsv rtf tex bib epub ipynb',
    'ts tsx mts cts js jsx mjs cjs json jsonl json5 yaml yml toml ini cfg conf env lock xml html htm css scss less svg',
    'py pyi rs go java kt kts c h cc cpp hpp cxx cs rb php pl lua swift scala clj ex exs erl hs ml dart zig nim vue svelte',
    'sh bash zsh fish ps1 bat cmd sql proto graphql tf dockerfile makefile gradle cmake patch diff',
    'log db sqlite mdb bin dat wasm so dll exe deb rpm zip tar gz tgz bz2 xz zst 7z jar',
    'png jpg jpeg gif webp bmp ico tiff mp3 mp4 wav ogg flac mov avi mkv webm woff woff2 ttf',
  ]
    .join(' ')
    .split(' '),
)
const domains = new Set(
  'com org net io dev edu gov mil int info biz app ai co uk de fr it es nl be ch at se no fi dk pl cz ru ua jp cn kr in br ca au nz us eu tv me xyz cloud'.split(
    ' ',
  ),
)
/** What only follows a visitor around: no part of what an address names. */
const tracking = /^(?:utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|ref_src|yclid|_hs\w+|si)$/i

/**
 * Takes an address apart into its canonical form (no scheme, user, default port, fragment, tracking, trailing slash) and
 * its host.
 * @returns whether it was one
 */
export function addAddress(text: string, from: number, to: number, into: Gathering): boolean {
  const match = /^([a-z][a-z0-9+.-]*):\/\/(?:[^/?#@\s]*@)?([^/?#\s:]+|\[[^\]]*\])(:\d*)?([^?#\s]*)(\?[^#\s]*)?/i.exec(
    text.slice(from, to),
  )
  if (match === null) return false
  const [, scheme = '', host = '', port = '', path = '', query = ''] = match
  if (scheme.toLowerCase() === 'file') return addPath(path, into)
  const kept = query
    .slice(1)
    .split('&')
    .filter((part) => part !== '' && !tracking.test(part.split('=')[0]!))
    .join('&')
  const shown = port === ':80' || port === ':443' || port === ':' ? '' : port
  const site = host.replace(/^www\./i, '').replace(/\.$/, '')
  if (site === '') return false
  const whole = `${site}${shown}${path.replace(/\/+$/, '')}`
  into.plain(KeyKind.url, rank.url, kept === '' ? whole : `${whole}?${kept}`)
  into.plain(KeyKind.site, rank.site, site)
  return true
}

/** Adds a path, as the whole and by its file name. @returns whether it was one */
export function addPath(token: string, into: Gathering): boolean {
  const whole = token.includes(':') ? token.replace(/(?::\d+){1,2}$/, '') : token
  const plain = whole.startsWith('./') ? whole.replace(/^(?:\.\/)+/, '') : whole
  const windows = plain.includes('\\') && /^[a-z]:\\|^\.{1,2}\\|^\\\\/i.test(plain)
  const path = windows ? plain.replaceAll('\\', '/') : plain
  if (!/^(?:[a-z]:)?[\w.~@+/-]*[\w/]$/i.test(path) && !/^[\p{L}\p{N}\p{M}.~@+/ _-]*\.\w{1,8}$/u.test(path)) return false
  const name = path.slice(path.lastIndexOf('/') + 1)
  const known = extensions.has(extensionOf(name))
  if (!path.includes('/')) {
    if (!known || /\s/.test(name)) return false
    into.plain(KeyKind.path, rank.path, name)
    return true
  }
  const folders = path.split('/').length - 1
  if (!(known || windows || /^(?:\/|~\/|\.\.\/)/.test(path) || /^\.\//.test(token) || folders > 2)) return false
  if (!/\p{L}/u.test(path) || path.length < 4) return false
  into.plain(KeyKind.path, rank.path, path.length > 1 ? path.replace(/\/+$/, '') : path)
  if (known) into.plain(KeyKind.path, rank.part, name)
  return true
}

/** The extension of a file's name in lower case; an empty text when it has none. */
export function extensionOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const point = name.lastIndexOf('.')
  return point > 0 ? name.slice(point + 1).toLowerCase() : point === 0 ? name.slice(1).toLowerCase() : ''
}

/** Adds what one token without blanks names. @returns whether it named anything but words */
export function addToken(token: string, into: Gathering): boolean {
  const mark = token.charCodeAt(0)
  if (mark === 0x40) return addMention(token, into)
  if (mark === 0x23) return addHashtag(token, into)
  if (token.includes('/') || token.includes('\\')) return addPath(token, into) || addBareAddress(token, into)
  if (token.includes('@')) return addEmail(token, into)
  const bare = token.replace(/^_+|_+$/g, '')
  if (/^[\p{L}\p{N}$]+(?:_+[\p{L}\p{N}$]+)+(?:\.[\p{L}\p{N}_$]+)*$/u.test(bare) && /\p{L}/u.test(bare)) {
    into.plain(KeyKind.identifier, rank.identifier, bare)
    return true
  }
  if (/^\p{L}[\p{L}\p{N}_]*(?:::[\p{L}\p{N}_]+)+$/u.test(bare)) {
    into.plain(KeyKind.identifier, rank.identifier, bare)
    return true
  }
  return addDotted(bare, into)
}

function addDotted(token: string, into: Gathering): boolean {
  const parts = token.replace(/^\.+/, '').split('.')
  const name = parts.join('.')
  if (parts.length < 2) return token.startsWith('.') && addPath(token, into)
  if (!parts.every((part) => /^[\p{L}\p{N}_$-]+$/u.test(part)) || !/^[\p{L}_$]{2}/u.test(name)) return false
  const last = parts.at(-1)!
  if (extensions.has(last.toLowerCase())) return addPath(name, into)
  if (domains.has(last) && name === name.toLowerCase()) return addBareAddress(name, into)
  const sentence = /^\p{Lu}/u.test(last) && !/^\p{Lu}/u.test(parts[0]!)
  if (sentence || last.length < 2 || !parts.every((part) => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(part))) return false
  into.plain(KeyKind.identifier, rank.identifier, name)
  return true
}

function addBareAddress(token: string, into: Gathering): boolean {
  const host = /^(?:[a-z0-9-]+\.)+([a-z]{2,})(?=[/:]|$)/i.exec(token)
  if (host === null || !domains.has(host[1]!.toLowerCase())) return false
  const whole = `http://${token}`
  return addAddress(whole, 0, whole.length, into)
}

function addMention(token: string, into: Gathering): boolean {
  if (/^@[\w-]+\/[\w.-]+$/.test(token)) {
    into.plain(KeyKind.identifier, rank.identifier, token)
    return true
  }
  const name = /^@&?([\p{L}\p{N}][\p{L}\p{N}_.-]*)$/u.exec(token)?.[1]
  if (name === undefined) return false
  into.plain(KeyKind.author, rank.entity + 10, name)
  return true
}

function addHashtag(token: string, into: Gathering): boolean {
  const name = /^#([\p{L}\p{N}][\p{L}\p{N}_/-]*)$/u.exec(token)?.[1]
  if (name === undefined) return false
  if (/^\p{N}+$/u.test(name)) into.plain(KeyKind.identifier, rank.identifier, token)
  else into.plain(KeyKind.tag, rank.tag, name)
  return true
}

function addEmail(token: string, into: Gathering): boolean {
  if (!/^[\w.+-]+@(?:[a-z0-9-]+\.)+[a-z]{2,}$/i.test(token)) return false
  into.plain(KeyKind.author, rank.entity + 10, token)
  return true
}
