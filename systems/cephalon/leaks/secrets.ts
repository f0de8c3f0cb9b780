import { secretsIn } from '../../text/secrets.ts'

const privateKey = /-----BEGIN (?:[A-Z]{2,12} ){0,3}PRIVATE KEY.*?(?:-----END [A-Z ]{0,40}PRIVATE KEY-----|$)/gs
/** A word this long is looked at in parts, so that one key does not take a whole line of data with it. */
const longWord = 80

/**
 * The text with every word that holds a secret replaced by what it was. `systems/text/secrets.ts` knows the forms; a form of
 * several words (`password : …`) loses the last of them. Words and their neighbours are asked about, so O(length).
 */
export function withoutSecrets(text: string): string {
  if (secretsIn(text).length === 0) return text
  const pieces = text.replace(privateKey, '[private key removed]').split(/(\s+)/)
  for (let at = 0; at < pieces.length; at += 2) {
    pieces[at] = withoutSecret(pieces[at]!)
    for (const back of [2, 4]) {
      if (at < back) continue
      const [kind] = secretsIn(pieces.slice(at - back, at + 1).join(''))
      if (kind === undefined) continue
      pieces[at] = removed(kind)
      break
    }
  }
  return pieces.join('')
}

function withoutSecret(word: string): string {
  const [kind] = secretsIn(word)
  if (kind === undefined) return word
  if (word.length <= longWord) return removed(kind)
  const parts = word.split(/([,;&|<>{}()[\]])/).map((part) => {
    const [inside] = secretsIn(part)
    return inside === undefined ? part : removed(inside)
  })
  const rest = parts.join('')
  return secretsIn(rest).length === 0 ? rest : removed(kind)
}

function removed(kind: string): string {
  return `[${kind.replaceAll('_', ' ')} removed]`
}
