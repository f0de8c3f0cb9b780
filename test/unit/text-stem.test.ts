import { describe, expect, test } from 'vitest'
import { irregularForms } from '../../systems/text/irregular.ts'
import { porter2, stem } from '../../systems/text/stem.ts'
import { stopWords } from '../../systems/text/stop.ts'

/** Word and stem, as the published rules of Snowball English give them. */
const known = `
  consign consign; consigned consign; consigning consign; consignment consign; consist consist;
  consistency consist; consistent consist; consistently consist; consolation consol; consolatory consolatori;
  console consol; consoled consol; conspicuous conspicu; conspicuously conspicu; conspiracy conspiraci;
  conspirator conspir; conspire conspir; construct construct; knack knack; knave knave; knavish knavish;
  kneaded knead; kneel kneel; knees knee; knelt knelt; knife knife; knight knight; knightly knight;
  knights knight; knit knit; knits knit; knitted knit; knitting knit; knives knive; knob knob; knock knock;
  knocked knock; knocker knocker; knocking knock; knot knot; knots knot; generate generat; generates generat;
  generated generat; generating generat; general general; generally general; generic generic;
  generically generic; generous generous; generously generous; communion communion; communism communism;
  communal communal; past past; paste paste; skis ski; dying die; sky sky; news news; cosmos cosmos; atlas atlas;
  bias bias; andes andes; idly idl; gently gentl; ugly ugli; early earli; only onli; singly singl; inning inning;
  outing outing; canning canning; herring herring; earring earring; evening evening; succeed succeed;
  proceed proceed; exceed exceed; caresses caress; flies fli; dies die; mules mule; denied deni; agreed agre;
  owned own; humbling humbl; sized size; meeting meet; stating state; itemization item; sensational sensat;
  traditional tradit; reference refer; colonizer colon; plotted plot; happy happi; happily happili;
  happiness happi; relational relat; conditional condit; rational ration; valency valenc; hesitancy hesit;
  digitizer digit; conformably conform; radically radic; differently differ; vilely vile; analogously analog;
  vietnamization vietnam; predication predic; operator oper; feudalism feudal; decisiveness decis;
  hopefulness hope; callousness callous; formality formal; sensitivity sensit; sensibility sensibl;
  triplicate triplic; formative format; formalize formal; electricity electr; electrical electr; hopeful hope;
  goodness good; revival reviv; allowance allow; inference infer; airliner airlin; adjustable adjust;
  defensible defens; irritant irrit; replacement replac; adjustment adjust; dependent depend; adoption adopt;
  homologous homolog; effective effect; bowdlerize bowdler; probate probat; rate rate; cease ceas;
  controller control; roll roll; gas gas; this this; kiwis kiwi; gaps gap; bed bed; shed shed; hop hop;
  hopping hop; hoped hope; hoping hope; luxuriated luxuri; falling fall; hissing hiss; fizzed fizz; failing fail;
  filing file; cry cri; by by; say say; toy toy; annoyance annoy; dogs dog; cats cat; running run; runner runner;
  easily easili; organization organiz; organize organiz; universe univers; university universiti;
  emergency emergenc; emerging emerg; international internat; arsenal arsenal
`

const pairs = known
  .split(';')
  .map((pair) => pair.trim().split(' '))
  .map(([word, expected]): [string, string] => [word!, expected!])

describe('The stem of a word', () => {
  test('is that of the published rules', () => {
    expect(pairs.length).toBeGreaterThan(150)
    expect(pairs.map(([word]) => [word, word.length < 3 ? word : porter2(word)])).toEqual(pairs)
  })

  test.each([
    ['went', 'go'],
    ['gone', 'go'],
    ['ran', 'run'],
    ['children', 'child'],
    ['wrote', 'write'],
    ['written', 'write'],
    ['women', 'woman'],
    ['better', 'better'],
    ['founded', 'found'],
    ['found', 'find'],
  ])('of %s is %s', (word, expected) => {
    expect(stem(word)).toBe(expected)
  })

  test.each(['go', 'h264', 'straße', 'привет', '', "'s", '__proto__', 'constructor'])(
    'leaves %j as it is, or as the rules have it',
    (word) => {
      expect(stem(word)).toBe(word === 'constructor' ? 'constructor' : word)
    },
  )

  test('every irregular form meets the other forms of its word', () => {
    expect(irregularForms.size).toBeGreaterThan(200)
    const wrong = [...irregularForms].filter(([form, word]) => stem(form) !== stem(word) || irregularForms.has(word))
    expect(wrong).toEqual([])
  })
})

test('stop words are lower-case and come once', () => {
  expect(new Set(stopWords).size).toBe(stopWords.length)
  expect(stopWords.filter((word) => !/^[a-z']+$/.test(word))).toEqual([])
})
