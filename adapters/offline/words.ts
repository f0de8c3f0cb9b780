/** Words that hold a sentence together and say nothing of its subject: English, and the commonest of four neighbours. */
const stopWords = new Set(
  (
    'a about above across actually add added adding after again against ago all allow allows almost along already also although ' +
    'always am among an and another any anyone anything are around as ask at available away back basic be became because ' +
    'become becomes been before begin being below best better between beyond both but by call called came can cannot case ' +
    'cases certain change changes check come comes common could current currently day days did different do does doing ' +
    'done down due during each easily easy either else enough especially etc even ever every everyone everything example ' +
    'examples few find first following follow follows for found from full further gave general get gets getting give given ' +
    'gives go goes going good got great had happen happens has have having he help helps her here high him his how ' +
    'however if important in include included includes including instead into is it its itself just keep kind know known ' +
    'large last later learn least leave less let lets like likely line list little long look looking lot made mainly make ' +
    'makes making many may maybe me mean means might more most mostly much must my near need needed needs never new next ' +
    'no non nor not note notes nothing now number of off often old on once one ones only onto or order other others our ' +
    'out over overview own page part particular people per perhaps please point possible provide provided provides put ' +
    'quite rather read ready real really recent reason related require required requires result right run running said ' +
    'same saw say says section see seem seems seen set sets several shall she should show shown shows side similar ' +
    'simple simply since single small so some someone something sometimes soon specific start started still such summary ' +
    'sure take taken takes tell than that the their them then there these they thing things think this those though ' +
    'three through thus time times title to today together told too took toward try trying two type types under unless ' +
    'until up upon us use used useful user users uses using usually value values various very via want was way ways we ' +
    'week well went were what when where whether which while who whole whom why will with within without work working ' +
    'works would write writing written year years yes yet you your yours http https www com org html true false null ' +
    'january february march april june july august september october november december monday tuesday wednesday thursday ' +
    'friday saturday sunday todo untitled abstract appendix background changelog conclusion contents faq footnotes goals ' +
    'installation intro introduction motivation prerequisites references requirements setup tldr usage ' +
    'aber als auch auf aus bei das dass dem den der des die ein eine einen einer für hat ich ist mit nach nicht noch oder ' +
    'sich sie sind und uns von war wenn wie wir wird zum zur ' +
    'avec aux ces cette dans elle est être fait les leur lui mais même nous ont par pas plus pour que qui sans ses ' +
    'son sont sur une vous ' +
    'como con cuando del desde donde ella ellos entre era esta este esto fue hay las los más muy nos para pero por porque ' +
    'ser sin sobre sus también tiene todo una ' +
    'che della delle gli nel nella non per più quando questa questo sono una'
  ).split(' '),
)

const lengthMax = 32
const letter = /[\p{L}\p{M}\p{N}]/u

/** 1 for ASCII letters and digits, 2 for what may join two of them within a word. */
const classes = new Uint8Array(128)
for (const character of 'abcdefghijklmnopqrstuvwxyz0123456789') classes[character.charCodeAt(0)] = 1
for (const character of "-_'") classes[character.charCodeAt(0)] = 2

/** @param text lower-case and well-formed */
function classOf(text: string, at: number): number {
  if (at >= text.length) return 0
  const code = text.charCodeAt(at)
  if (code < 128) return classes[code]!
  if (code === 0x2019) return 2
  // General punctuation is common in any prose and never part of a word.
  if (code >= 0x2000 && code <= 0x206f) return 0
  if (code >= 0xdc00 && code <= 0xdfff) return isLetter(text.codePointAt(at - 1)!) ? 1 : 0
  return isLetter(text.codePointAt(at)!) ? 1 : 0
}

function isLetter(point: number): boolean {
  return letter.test(String.fromCodePoint(point))
}

/**
 * The words of a text that can name a subject, lower-case, possessives and contractions taken off: runs of letters and
 * digits of any script, joined by single dashes, apostrophes or underscores.
 */
export function termsOf(text: string): string[] {
  const lower = text.toLowerCase().toWellFormed()
  const terms: string[] = []
  for (let at = 0; at < lower.length; at++) {
    if (classOf(lower, at) !== 1) continue
    const start = at
    for (at++; at < lower.length; at++) {
      const kind = classOf(lower, at)
      if (kind === 0 || (kind === 2 && classOf(lower, at + 1) !== 1)) break
    }
    const term = termOf(lower.slice(start, at))
    if (term !== '') terms.push(term)
  }
  return terms
}

function termOf(found: string): string {
  if (found.length < 3 || stopWords.has(found)) return ''
  const term = found.includes("'") || found.includes('’') || found.includes('_') ? unjoined(found) : found
  if (term.length < 3 || term.length > lengthMax) return ''
  const first = term.charCodeAt(0)
  return (first >= 0x61 && first <= 0x7a) || (first >= 128 && /^\p{L}/u.test(term)) ? term : ''
}

function unjoined(found: string): string {
  const term = found.replace(/['’].*$/su, '').replaceAll('_', '-')
  return stopWords.has(term) ? '' : term
}

/** Whether a lower-case word is too common to name a subject. */
export function isCommon(term: string): boolean {
  return stopWords.has(term)
}

/** One key for the singular and the plural of an English word; not itself always a word. */
export function fold(term: string): string {
  if (term.length > 4 && term.endsWith('ies')) return `${term.slice(0, -3)}y`
  if (term.length > 4 && /(?:ss|sh|ch|x|z)es$/.test(term)) return term.slice(0, -2)
  if (term.length > 3 && term.endsWith('s') && !/(?:ss|us|is)$/.test(term)) return term.slice(0, -1)
  return term
}
