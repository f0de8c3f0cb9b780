/**
 * The numbers of the ranker, one set for every kind of memory. Each was chosen on a plateau over dialogues, notes and
 * passages together; `bench/README.md` has the table of what each signal adds.
 */
export const settings = {
  // The words of the query.
  k1: 2, //                 BM25, as the lexical lane is tuned: how soon repetitions stop counting
  b: 0.4, //                BM25, likewise: how much a long text is held against its words
  seeds_max: 100, //        rows that the lexical lane gives
  around_max: 50, //        of these, rows whose surroundings become candidates
  dated_max: 400, //        rows, newest first, by the day keys of a date in the query
  own: 0.2, //              what a turn's own words give beside the saturated sum
  saturation: 1, //         c / (c + saturation): a word said twice nearby is not two words
  // What a turn of a conversation inherits, as shares of a word's weight there.
  asked: 1.4, //            from the turn before it, when somebody else asked there: answers rarely repeat the question's words
  said: 0.6, //             from what the same person said before: people go on about a thing
  thread: 0.6, //           x / (x + 1) of the word's weight in the whole thread: what the talk was about
  // The turn itself.
  author: 0.12, //          said by the one person whom the query names
  length: 0.3, //           length * words / (words + length_words): a turn of three words says little
  length_words: 8,
  alone: 0.24, //           what a memory in no thread gets instead, so that notes and turns stay comparable
  asking: 0.1, //           a turn that ends by asking is not the answer
  when: 0.2, //             a time is asked for, and the turn speaks of one
  date: 0.4, //             said on the date that the query names: 1 for the month, up to 2 for the day
  date_days: 5, //          over so many days it falls
  // Named things.
  titled: 1.5, //           the query names the memory's title, times how rare the name is
  mentioned: 0.3, //        the memory mentions what the query names
  thingScale: 0.7, //      how the two weigh against the words
  mentioned_max: 64, //     edges read for each of them
  // The walk.
  walkers_max: 8,
  hops_max: 2,
  keys_max: 6, //           keys followed from a node
  edges_max: 25, //         edges read of a key: its title's, then the newest; beyond them those of the seeds
  candidates_max: 200, //   memories that the walkers may bring, three quarters of them in the first hop
  onward_max: 4, //         of the new ones, so many are walked on from
  share: 3, //              how much of its score a perfect link hands on
  unconditioned: 0.5, //    a link with none of the query's words near it
  conditioned: 1, //        so much more for one with all of them
  intoText: 0.5, //        a link to a mention in a text, against 1 to a title
  open: 1.5, //             a walk goes as far as the query is not covered yet: open * share of its words that are not
  rest: 0.5, //             more for words of the query that only the target has
  overlap: 0.5, //          less for words that the source has already
  below: 0.98, //           what was reached never outranks what it was reached from
  secondHop: 0.6,
  anchor: 0.97, //          what the query names by its title stays at least here, as a share of the best
  anchorRarity: 0.4, //    for things at least so rare
  // Meaning.
  meaning: 0.2, //          cosine with the query's vector, where an embedder is at work
  meaning_max: 100, //      memories that it brings
  // How sure.
  nameWeight: 2, //        a named thing of the query counts twice
  sure_max: 5, //           hits among which one that covers the query is looked for, and a pair of them
  answered: 0.58, //        confidence from which a query counts as answered
} as const

/** The ranker's numbers, by name; and kinds of keys that no walk follows, for those who measure what each is worth. */
export type Settings = { readonly [Name in keyof typeof settings]: number } & { readonly without?: readonly number[] }
