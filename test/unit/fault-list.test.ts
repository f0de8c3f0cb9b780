import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const folder = fileURLToPath(new URL('../', import.meta.url))
/** How many cases the list of faults has. */
const faultsCount = 159

/** Cells of each row of a table. */
function rowsOf(markdown: string): string[][] {
  const lines = markdown.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| fault |'))
  return lines.map((line) => line.split('|').map((cell) => cell.trim()))
}

/** Numbers at the start of a row: `6, 7, 11` and `17-19`. A row may begin with a word instead. */
function numbersOf(cell: string): number[] {
  const [list = ''] = /^\d+(?:-\d+)?(?:, \d+(?:-\d+)?)*/.exec(cell) ?? []
  return list
    .split(', ')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

describe('The list of faults', () => {
  const text = readFileSync(`${folder}README.md`, 'utf8')
  const [, list = ''] = text.split('## Which test shows which fault')
  const [shown = '', rest = ''] = list.split('**Not shown by a test**')
  const [missing = ''] = rest.split('\n## ')

  test('has every case, each either shown by a test or with the reason why not', () => {
    const withTest = new Set(rowsOf(shown).flatMap(([, fault = '']) => numbersOf(fault)))
    const without = new Set(rowsOf(missing).flatMap(([, fault = '']) => numbersOf(fault)))
    const all = Array.from({ length: faultsCount }, (_, index) => index + 1)
    expect(all.filter((number) => !withTest.has(number) && !without.has(number))).toEqual([])
    expect([...without].filter((number) => withTest.has(number))).toEqual([])
    for (const [, fault = '', reason = ''] of rowsOf(missing)) expect(reason, fault).not.toBe('')
  })

  test('names in each row a test that is there, with the words that it quotes', () => {
    const wrong = rowsOf(shown)
      .filter(([, fault = '']) => !/^-+$/.test(fault))
      .flatMap(([, fault = '', , by = '']) => {
        const named = [...by.matchAll(/`([\w./-]+\.ts)`(?: "([^"]+)")?/g)]
        if (named.length === 0 && !by.includes('](')) return [`${fault}: no test`]
        return named.flatMap(([, path = '', words = '']) => {
          if (!existsSync(folder + path)) return [`${fault}: ${path} is not there`]
          return readFileSync(folder + path, 'utf8').includes(words) ? [] : [`${fault}: ${path} has no "${words}"`]
        })
      })
    expect(wrong).toEqual([])
  })
})
