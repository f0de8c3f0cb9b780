/** Which addresses could carry something out, judged by their form alone. */

const address =
  /(?:\b[a-z][a-z0-9+.-]{1,20}:(?:\/|&#?\w{1,8};|\\)[^\s<>"`]*|\bwww\.[^\s<>"`]+|(?<![\w:])\/\/[a-z0-9-]+\.[^\s<>"`]+)/gi
const dotted = /(?<![\w.@/-])(?:[A-Za-z0-9_-]{1,63}\.){1,20}[A-Za-z0-9_-]{1,63}(?![\w-])/g
const unitsMax = 200
const queryMax = 16

/** Addresses that could carry something out are named by their host and no more; so are bare hosts that look like data. O(length). */
export function withoutLoudUrls(text: string): string {
  const quiet = text.replace(address, (found) => {
    const url = found.replace(/[.,;:!?'")\]}*_|]{1,8}$/, '')
    return isLoud(url) ? `[link to ${hostOf(url)} removed]${found.slice(url.length)}` : found
  })
  return quiet.replace(dotted, (found) => (found.split('.').some(isData) ? '[host removed]' : found))
}

/**
 * Whether an address could carry data: anything but http and https, a user before the host, a host or path that looks
 * encoded, more than a few characters of query or fragment, and any that is written so as not to be read.
 */
export function isLoud(url: string): boolean {
  const parts = /^(?:https?:)?(?:\/\/)?([^/?#]*)([^?#]*)(.*)$/is.exec(url)
  if (parts === null || url.length > unitsMax || /[\\&\s]|&#/.test(url.replace(/[?#].*$/s, ''))) return true
  const [, host = '', path = '', rest = ''] = parts
  if (!/^(?:https?:)?\/\/|^www\./i.test(url)) return true
  if (!/^[a-z0-9.-]{1,253}(?::\d{1,5})?$/i.test(host)) return true
  return isDataHost(host) || rest.length > queryMax + 1 || `${path}/${rest}`.split(/[/?#&]/).some(isLoudSegment)
}

/** The host of an address as far as it says nothing, else a word for it. */
export function hostOf(url: string): string {
  const host =
    /^(?:(?:[a-z][a-z0-9+.-]*:)?\/\/|(?=www\.))(?:[^/?#@]*@)?([a-z0-9.-]{1,253})(?=[:/?#]|$)/i.exec(url)?.[1] ?? ''
  const name = host.split('.').slice(-2).join('.').toLowerCase()
  return /^[a-z0-9-]{1,30}\.[a-z][a-z0-9-]{1,19}$/.test(name) && !name.split('.').some(isData) ? name : 'another host'
}

function isDataHost(host: string): boolean {
  const labels = host.replace(/:\d+$/, '').split('.')
  const local = /^(?:127\.\d+\.\d+\.\d+|localhost)$/i.test(labels.join('.'))
  if (!local && labels.every((label) => /^(?:\d+|0x[\da-f]+)$/i.test(label))) return true
  return labels.length > 5 || labels.some((label) => label.length > 30 || isData(label))
}

function isLoudSegment(segment: string): boolean {
  if (segment.length > 80 || (segment.match(/%/g)?.length ?? 0) > 3) return true
  return segment.split(/[.~+,:;@!$'()*]/).some(isData) || (segment.match(mixedRun)?.length ?? 0) > 2
}

/** Letters and digits in one run: several of them in one segment are data that was cut into pieces. */
const mixedRun = /(?<![A-Za-z\d])(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]{3,}/g

/** A run of letters and digits that is no word: long and mixed, or very long without a hyphen. */
function isData(part: string): boolean {
  return part.split(/[-_=]/).some((run) => {
    if (run.length < 12) return false
    const digits = run.match(/\d/g)?.length ?? 0
    if (digits >= 3 && digits < run.length) return true
    if (run.length >= 32) return true
    return run.length >= 16 && changesOfCase(run) > 5
  })
}

function changesOfCase(run: string): number {
  return run.match(/[a-z](?=[A-Z])|[A-Z](?=[a-z])/g)?.length ?? 0
}
