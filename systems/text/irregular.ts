/** Forms of English words that no rule of endings finds, written `form form > word`. */
const verbs = `
  arose arisen > arise; awoke awoken > awake; beaten > beat; became > become; began begun > begin; bent > bend; bitten > bite;
  bled > bleed; blew blown > blow; broke broken > break; bred > breed; brought > bring; built > build; burnt > burn;
  bought > buy; caught > catch; chose chosen > choose; clung > cling; came > come; crept > creep; dealt > deal; dug > dig;
  drew drawn > draw; dreamt > dream; drank drunk > drink; drove driven > drive; dwelt > dwell; ate eaten > eat; fell fallen > fall;
  fed > feed; felt > feel; fought > fight; found > find; fled > flee; flung > fling; flew flown > fly; forbade forbidden > forbid;
  foresaw foreseen > foresee; forgot forgotten > forget; forgave forgiven > forgive; froze frozen > freeze; got gotten > get;
  gave given > give; went gone > go; grew grown > grow; hung > hang; heard > hear; hid hidden > hide; held > hold; kept > keep;
  knelt > kneel; knew known > know; laid > lay; led > lead; leapt > leap; learnt > learn; left > leave; lent > lend; lit > light;
  lost > lose; made > make; meant > mean; met > meet; mistook mistaken > mistake; paid > pay; proven > prove; rode ridden > ride;
  rang rung > ring; risen > rise; ran > run; said > say; saw seen > see; sought > seek; sold > sell; sent > send; sewn > sew;
  shook shaken > shake; shone > shine; shot > shoot; shown > show; shrank shrunk > shrink; sang sung > sing; sank sunk > sink;
  sat > sit; slept > sleep; slid > slide; spoke spoken > speak; sped > speed; spent > spend; spilt > spill; spun > spin;
  spat > spit; sprang sprung > spring; stood > stand; stole stolen > steal; stuck > stick; stung > sting; stank stunk > stink;
  struck stricken > strike; swore sworn > swear; swept > sweep; swollen > swell; swam swum > swim; swung > swing;
  took taken > take; taught > teach; tore torn > tear; told > tell; thought > think; threw thrown > throw; trod trodden > tread;
  understood > understand; undertook undertaken > undertake; undid undone > undo; upheld > uphold; woke woken > wake;
  wore worn > wear; wove woven > weave; wept > weep; won > win; withdrew withdrawn > withdraw; withstood > withstand;
  overcame > overcome; overthrew overthrown > overthrow; rebuilt > rebuild; rewrote rewritten > rewrite; wrung > wring;
  wrote written > write; redid redone > redo; reran > rerun; resent > resend; overrode overridden > override;
  lying > lie; dying > die; tying > tie; fading > fade
`
const nouns = `
  children > child; men > man; women > woman; feet > foot; teeth > tooth; geese > goose; mice > mouse; lice > louse; oxen > ox;
  lives > life; wives > wife; knives > knife; wolves > wolf; halves > half; shelves > shelf; thieves > thief; loaves > loaf;
  calves > calf; selves > self; elves > elf; scarves > scarf; hooves > hoof; grandchildren > grandchild; stepchildren > stepchild;
  firemen > fireman; policemen > policeman; businessmen > businessman; congressmen > congressman; chairmen > chairman;
  criteria > criterion; phenomena > phenomenon; analyses > analysis; crises > crisis; theses > thesis; hypotheses > hypothesis;
  diagnoses > diagnosis; indices > index; matrices > matrix; vertices > vertex; appendices > appendix; alumni > alumnus;
  nuclei > nucleus; fungi > fungus; cacti > cactus; stimuli > stimulus; radii > radius; curricula > curriculum;
  syllabi > syllabus; larvae > larva; antennae > antenna; formulae > formula; potatoes > potato; tomatoes > tomato;
  heroes > hero; echoes > echo; vetoes > veto; parentheses > parenthesis; axes > axis; quizzes > quiz
`

/** Irregular form → the word it is a form of. Ambiguous ones (rose, bore, wound, better) are left alone. */
export const irregularForms: ReadonlyMap<string, string> = new Map(
  `${verbs};${nouns}`.split(';').flatMap((entry) => {
    const [forms, word] = entry.split('>').map((part) => part.trim())
    return forms!.split(' ').map((form): [string, string] => [form, word!])
  }),
)
