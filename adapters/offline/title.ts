import type { Outline } from './outline.ts'
import { nameOf, phraseOf } from './path.ts'
import { plain } from './plain.ts'
import { cutAtWord, hasWord, oneLine, textOf } from './text.ts'

/** Names that editors give a file nobody has named. */
const unnamed = /^(?:untitled|unnamed|new note|note|document|draft)?[ \d().-]*$/i

/** Headings that name a part of a text and not the text. */
const section =
  /^(?:abstract|about|background|changelog|contents|context|dependencies|description|faq|features|getting started|goals?|installation|intro|introduction|motivation|notes?|overview|preface|prerequisites|purpose|quick ?start|references|requirements|set-?up|summary|table of contents|tasks?|tl;?dr|to-?do|usage)[.:]?$/i

/**
 * The title the author meant: the present value made text; else the first top heading, or the heading of another level
 * that the note begins with; else a site's own short names; else the file's name; else any heading. Never empty.
 */
export function proposeTitle(
  path: string,
  data: Readonly<Record<string, unknown>>,
  body: Outline,
  lengthMax = 300,
): string {
  for (const candidate of candidates(path, data, body)) {
    const title = oneLine(candidate)
    if (hasWord(title)) return cutAtWord(title, lengthMax)
  }
  return 'Note'
}

function* candidates(path: string, data: Readonly<Record<string, unknown>>, body: Outline): Generator<string> {
  yield textOf(data['title'])
  const top = body.headings.find((heading) => heading.level === 1)
  if (top !== undefined) yield plain(top.text)
  const leading = body.headings.find((heading) => heading.leads)
  if (leading !== undefined && !section.test(plain(leading.text))) yield plain(leading.text)
  for (const key of ['linkTitle', 'name']) if (typeof data[key] === 'string') yield data[key]
  const name = phraseOf(nameOf(path))
  if (!unnamed.test(name)) yield name
  for (const heading of body.headings.slice(0, 8)) yield plain(heading.text)
  yield name
}
