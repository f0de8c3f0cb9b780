import { hashText } from '../../text/hash.ts'

/** What a word may be besides its meaning, for the readers of names, dates and failures. */
export const WordClass = {
  none: 0,
  opener: 1, //       begins sentences, and is no part of a name there
  joiner: 2, //       stands inside a name: University *of* Copenhagen
  title: 3, //        Mr, Dr, St: may carry a point inside a name
  month: 4, //        its number
  family: 5, //       alone names a failure: index in `families`
  phrase: 6, //       ends a phrase that names one: index in `phrases`
  status: 7, //       announces an HTTP status
  exit: 8, //         announces an exit code
  failure: 9, //      ends the name of an error: TypeError
  weekday: 10,
  ordinary: 11, //    alone it names nothing
} as const

const openers = [
  'hey hi hello hiya yo bye goodbye welcome greetings thanks thank thx cheers congrats congratulations please sorry',
  'wow oh ooh ah aha aw aww haha hah lol omg ugh phew yay yep yeah yup yes nope nah okay ok hmm hm mmm oof oops ouch',
  'whoa woah woohoo yall well right exactly absolutely totally definitely certainly sure indeed maybe perhaps anyway',
  'anyways however therefore thus hence moreover furthermore meanwhile otherwise instead nevertheless nonetheless besides',
  'likewise still yet afterwards later earlier soon today tomorrow yesterday tonight recently lately plus almost together',
  'sometimes often usually always never eventually finally initially originally according despite regardless given due',
  'along among amongst like unlike across around behind beyond near outside inside upon whenever wherever whatever',
  'let lets see look looks check note notice remember imagine consider suppose try tell ask say think know believe guess',
  'hope wish feel feels seems sounds got gonna gotta wanna bet unfortunately fortunately luckily hopefully actually',
  'basically honestly seriously literally really truly because since while until unless once though although whether',
].join(' ')

/** Ordinary words of which names are made too: alone, at the beginning of a sentence, they are none. */
const ordinary = [
  'true great good nice cool awesome amazing fantastic wonderful lovely sweet perfect excellent glad happy sad bad fun',
  'funny interesting fascinating impressive beautiful first second third next last super pretty best little lots',
  'use run make take give get go come keep put set add remove open close start stop turn press type enter select choose',
  'read write find show need want love enjoy miss appreciate agree wait listen watch hear talk stay born built written',
  'someone somebody anyone anybody everyone everybody nobody something anything everything nothing',
  'many much several one two three four five six seven eight nine ten half part people man woman men women thing things',
  'time times way day days year years week month life kids new old big small long short different similar such certain',
  'current former recent major various average annual prior image photo picture video figure table example warning info',
  'debug left right up down north south east west',
].join(' ')

const joiners = 'of the de von van der den la le du del di da al el bin ibn y'
const titles = 'mr mrs ms dr prof st mt ft jr sr gen col capt sgt lt rev hon vs'
const months = [
  'january february march april may june july august september october november december',
  'jan feb mar apr - jun jul aug sep oct nov dec',
]
const weekdays = 'monday tuesday wednesday thursday friday saturday sunday mon tue tues wed thu thur thurs fri sat sun'

/** Families of failures, with the words that alone name them; the first word is the family's own name. */
const familyWords = [
  'timeout etimedout esockettimedout timeouterror timeoutexception',
  'econnrefused',
  'econnreset',
  'econnaborted',
  'enoent',
  'eacces eperm',
  'enospc',
  'oom enomem oomkilled outofmemoryerror',
  'epipe',
  'enotfound eai_again eai nxdomain getaddrinfo',
  'emfile enfile',
  'eaddrinuse',
  'ehostunreach enetunreach',
  'eexist',
  'eisdir enotdir',
  'enotempty',
  'ebusy',
  'einval',
  'eio erofs',
  'eusage',
  'eresolve',
  'sigsegv segfault coredump',
  'sigkill',
  'sigterm',
  'sigabrt sigbus sigill sigfpe',
  'deadlock',
  'overflow stackoverflow',
  'ratelimit ratelimited',
]

/** Phrases that name a failure, and its family. */
const phraseWords: readonly (readonly [phrase: string, family: string])[] = [
  ['timed out', 'timeout'],
  ['deadline exceeded', 'timeout'],
  ['connection refused', 'econnrefused'],
  ['connection reset', 'econnreset'],
  ['no such file', 'enoent'],
  ['permission denied', 'eacces'],
  ['access denied', 'eacces'],
  ['no space left', 'enospc'],
  ['disk full', 'enospc'],
  ['out of memory', 'oom'],
  ['broken pipe', 'epipe'],
  ['too many open files', 'emfile'],
  ['address already in use', 'eaddrinuse'],
  ['host unreachable', 'ehostunreach'],
  ['segmentation fault', 'sigsegv'],
  ['rate limit', 'ratelimit'],
  ['rate limited', 'ratelimit'],
  ['rate limiting', 'ratelimit'],
  ['too many requests', 'ratelimit'],
  ['stack overflow', 'overflow'],
  ['out of disk', 'enospc'],
]

/** The names of the families, as keys spell them. */
export const families: readonly string[] = familyWords.map((words) => words.split(' ')[0]!)

/** The words of a phrase before its last one, nearest first, as raw hashes; several phrases may share their last word. */
export type Phrase = { readonly before: readonly number[]; readonly family: string }
/** Phrases by their last word. */
export const phrases: Phrase[][] = []

const slots = 4096
const hashes = new Uint32Array(slots)
const values = new Uint16Array(slots)
/** Which slots are those of a word: small enough to stay near. */
const taken = new Uint8Array(slots)

/** The class of a word by its raw hash in the low four bits, and the class's number above them. */
export function classOf(raw: number): number {
  if (taken[raw & (slots - 1)] === 0) return 0
  for (let slot = raw & (slots - 1); hashes[slot] !== 0; slot = (slot + 1) & (slots - 1)) {
    if (hashes[slot] === raw) return values[slot]!
  }
  return 0
}

/** The first class that is given to a word stays. */
function learn(word: string, kind: number, number = 0): void {
  const raw = hashText(word)
  let slot = raw & (slots - 1)
  for (; hashes[slot] !== 0; slot = (slot + 1) & (slots - 1)) if (hashes[slot] === raw) return
  taken[slot] = 1
  hashes[slot] = raw
  values[slot] = kind | (number << 4)
}

function learnAll(): void {
  for (const list of months) {
    list.split(' ').forEach((word, index) => {
      learn(word, WordClass.month, index + 1)
    })
  }
  familyWords.forEach((list, index) => {
    for (const word of list.split(' ')) learn(word, WordClass.family, index)
  })
  const byLast = new Map<string, Phrase[]>()
  for (const [phrase, family] of phraseWords) {
    const words = phrase.split(' ')
    const last = words.pop()!
    const before = words.reverse().map((word) => hashText(word))
    const alike = byLast.get(last)
    if (alike === undefined) byLast.set(last, [{ before, family }])
    else alike.push({ before, family })
  }
  for (const [last, alike] of byLast) learn(last, WordClass.phrase, phrases.push(alike) - 1)
  for (const word of ['error', 'exception']) learn(word, WordClass.failure)
  for (const word of ['http', 'https', 'status', 'code']) learn(word, WordClass.status)
  for (const word of ['exit', 'exited', 'exits']) learn(word, WordClass.exit)
  for (const word of joiners.split(' ')) learn(word, WordClass.joiner)
  for (const word of titles.split(' ')) learn(word, WordClass.title)
  for (const word of weekdays.split(' ')) learn(word, WordClass.weekday)
  for (const word of openers.split(' ')) learn(word, WordClass.opener)
  for (const word of ordinary.split(' ')) learn(word, WordClass.ordinary)
}
learnAll()
