/**
 * English words that say how a sentence is built and not what it is about; they are counted as words and never indexed.
 * Question words are among them. One list, so that it can be weighed as a whole.
 */
export const stopWords: readonly string[] = [
  'a an the this that these those',
  'i me my mine myself we us our ours ourselves you your yours yourself yourselves',
  'he him his himself she her hers herself it its itself they them their theirs themselves one',
  'who whom whose which what when where why how',
  'am is are was were be been being',
  'have has had having do does did doing done',
  'will would shall should can could may might must ought',
  "isn't aren't wasn't weren't haven't hasn't hadn't don't doesn't didn't won't wouldn't shan't shouldn't can't cannot",
  "couldn't mustn't mightn't needn't ain't let's",
  "i'm you're we're they're he's she's it's that's there's here's what's who's where's when's why's how's",
  "i've you've we've they've i'd you'd he'd she'd we'd they'd it'd i'll you'll he'll she'll we'll they'll it'll that'll",
  'and but or nor so if then else than because as until while although though unless since whether',
  'of at by for with about against between into through during before after above below to from up down in out on off',
  'over under within without upon onto toward towards per via among',
  'again further once here there now just only also too very even ever yet still',
  'all any both each few more most other others another some such no not own same either neither none',
]
  .join(' ')
  .split(' ')
