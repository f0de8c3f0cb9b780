/** URLs in running text, and the form in which two of them are compared. */

const scheme = /https?:\/\/(?=[^\s\p{C}<>"'`()[\]{}|\\^])/iuy
const stopsUrl = /[\s\p{C}<>"`()[\]{}|\\^]/u
const tracking =
  /^(?:utm_\w*|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_[ce]id|_hs(?:enc|mi)|wt\.mc_id|ref_src|si)$/i

/**
 * Where the http(s) URL that begins at `from` ends, without the punctuation of the sentence around it; 0 when none begins there.
 * Brackets end a URL, as they do in Markdown.
 */
export function endOfUrl(text: string, from: number): number {
  scheme.lastIndex = from
  if (!scheme.test(text)) return 0
  const least = scheme.lastIndex
  let end = least
  while (end < text.length && !stopsUrl.test(text[end]!)) end++
  while (end > least && ".,;:!?'".includes(text[end - 1]!)) end--
  return end > least ? end : 0
}

/** A URL for comparison: scheme and host in lower case, without its default port, fragment and tracking parameters. */
export function canonicalUrl(url: string): string {
  const [, protocol, authority, path, query] = /^(https?):\/\/([^/?#]*)([^?#]*)(?:\?([^#]*))?/i.exec(url)!
  const name = protocol!.toLowerCase()
  const host = authority!.toLowerCase().replace(name === 'https' ? /^([^:]+):443$/ : /^([^:]+):80$/, '$1')
  const kept = (query ?? '').split('&').filter((part) => part !== '' && !tracking.test(part.split('=', 1)[0]!))
  return `${name}://${host}${path === '/' && kept.length === 0 ? '' : path}${kept.length === 0 ? '' : `?${kept.join('&')}`}`
}
