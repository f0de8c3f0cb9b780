/**
 * The ways in which a secret may stand in a text: as it is, escaped as JSON and as JSON in JSON, encoded for a URL by whichever
 * habit, escaped for HTML, in base64 wherever it lies in what was encoded, in hexadecimal, and as the bytes that Node shows of a buffer.
 */
export function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8')
  const once = inner(value)
  const forms = new Set([value, once, inner(once), encodeURIComponent(value), encodeURI(value), formEncoded(value)])
  for (const form of [...percentForms(value), ...markupForms(value), ...base64Forms(bytes)]) forms.add(form)
  const hex = bytes.toString('hex')
  for (const form of [hex, hex.toUpperCase(), pairs(hex)]) forms.add(form)
  // Node shows the first fifty bytes of a buffer, which is most of a secret.
  if (bytes.length > shownBytes) forms.add(pairs(hex.slice(0, shownBytes * 2)))
  return [...forms]
}

/** A secret as numbers between commas, as a buffer becomes in JSON: what stands for it must be a value too. */
export function byteListsOf(value: string): string[] {
  const bytes = [...Buffer.from(value, 'utf8')]
  return [bytes.join(','), bytes.join(', ')]
}

const shownBytes = 50

/** What stands between the quotes when a text is written as JSON. */
function inner(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function formEncoded(value: string): string {
  return new URLSearchParams([['', value]]).toString().slice(1)
}

/** What programs leave as it is in a URL, beside letters, digits and `-._~`, differs; so does the case of their digits. */
const leftInUrls = ['', '/', '@*/+', "!'()*", ":/?#[]@!$&'()*+,;="]

function percentForms(value: string): string[] {
  return leftInUrls.flatMap((left) => {
    const encoded = (lower: boolean): string =>
      [...value].map((sign) => (/[\w.~-]/.test(sign) || left.includes(sign) ? sign : percent(sign, lower))).join('')
    return [encoded(false), encoded(true)]
  })
}

function percent(sign: string, lower: boolean): string {
  const hex = Buffer.from(sign, 'utf8').toString('hex')
  return (lower ? hex : hex.toUpperCase()).replace(/../g, '%$&')
}

/** An error page is HTML, and quotes have three ways there. */
function markupForms(value: string): string[] {
  const text = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return [
    text,
    text.replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    text.replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
    text.replaceAll('"', '&quot;').replaceAll("'", '&#x27;'),
  ]
}

function pairs(hex: string): string {
  return hex.replace(/..(?!$)/g, '$& ')
}

/**
 * Base64 encodes three bytes at a time, so a secret within a longer text (`Basic`, a body) has one of three looks. Of each, the
 * characters that its neighbours have no part in are what is looked for.
 */
function base64Forms(bytes: Buffer): string[] {
  const forms: string[] = []
  for (let before = 0; before < 3; before++) {
    const padded = Buffer.concat([Buffer.alloc(before), bytes])
    const from = Math.ceil((before * 8) / 6)
    const to = Math.floor((padded.length * 8) / 6)
    forms.push(padded.toString('base64').slice(from, to), padded.toString('base64url').slice(from, to))
  }
  return forms
}
