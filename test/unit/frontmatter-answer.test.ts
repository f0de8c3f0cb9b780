import { describe, expect, it } from 'vitest'
import { parseAnswer } from '../../systems/text/answer.ts'

describe('parseAnswer', () => {
  it.each([
    ['{"title": "A"}'],
    ['\n  {"title": "A"}\n'],
    ['```json\n{"title": "A"}\n```'],
    ['```yaml\ntitle: A\n```'],
    ['```\n{"title": "A"}\n```'],
    ['Sure! Here it is:\n\n```JSON\r\n{"title": "A"}\r\n```\r\nAnything else?'],
    ['~~~yml\ntitle: A\n~~~'],
    ['The object is {"title": "A"} as you asked.'],
    ['```python\nprint({})\n```\n```json\n{"title": "A"}\n```'],
  ])('finds the object in %j', (content) => {
    expect(parseAnswer(content)).toEqual({ ok: true, value: { title: 'A' } })
  })

  it('understands braces and quotes inside strings', () => {
    expect(parseAnswer('x {"a": "} \\" {", "b": {"c": 1}} y')).toEqual({ ok: true, value: { a: '} " {', b: { c: 1 } } })
  })

  it.each([
    [''],
    ['I cannot do that.'],
    ['null'],
    ['[{"title": "A"}]'],
    ['"text"'],
    ['{"title": "A"'],
    ['{"title": NaN}'],
    ['{'.repeat(60_000)],
    ['[{"a":'.repeat(10_000)],
    ['```yaml\n- a\n```'],
    ['```yaml\na: !!js/function "x"\n```'],
    ['```json\n{"a": 1}\n```\n```json\n{"a": 2}\n```'],
    [`{"a": "${'x'.repeat(70_000)}"}`],
    [`{"a": ${'['.repeat(500)}${']'.repeat(500)}}`],
  ])('refuses an answer without one object (%#)', (content) => {
    const answer = parseAnswer(content)
    expect(answer.ok).toBe(false)
    if (!answer.ok) expect(answer.reason).toMatch(/^the /)
  })

  it('does not let __proto__ through', () => {
    const answer = parseAnswer('{"__proto__": {"polluted": 1}, "title": "A"}')
    expect(answer.ok && Object.keys(answer.value)).toEqual(['__proto__', 'title'])
    expect(answer.ok && Object.getPrototypeOf(answer.value)).toBe(Object.prototype)
    expect(({} as { polluted?: number }).polluted).toBeUndefined()
  })
})
