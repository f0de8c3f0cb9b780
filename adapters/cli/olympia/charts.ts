import { escaped } from './html.ts'
import type { ModelSummary } from './summary.ts'
import { rateWords, timeWords } from './tables.ts'

/** Charts of the report: a row for each model, whose bar is an SVG that becomes as wide as there is room. */

/** Shares of runs that passed, with their intervals. */
export function passBars(models: readonly ModelSummary[]): string {
  return rows(models, ({ rate }) => {
    const words = rateWords(rate)
    return { words, shapes: rate.runs === 0 ? '' : `${bar('bar', 0, rate.rate)}${reach(rate.low, rate.high)}` }
  })
}

/** Times to the end of a run; the longest of all fills its row. */
export function latencyBars(models: readonly ModelSummary[]): string {
  const most = Math.max(1, ...models.map(({ latency_p95_ms }) => latency_p95_ms))
  return rows(models, ({ latency_p50_ms: p50, latency_p95_ms: p95 }) => ({
    words: `p50 ${timeWords(p50)}, p95 ${timeWords(p95)}`,
    shapes: `${bar('bar', 0, p50 / most)}${reach(p50 / most, p95 / most)}`,
  }))
}

/** How calls were asked for, of the models that asked for any; the empty text when none did. */
export function callBars(models: readonly ModelSummary[]): string {
  const asking = models.filter(({ calls }) => calls.valid + calls.repaired + calls.failed > 0)
  return rows(asking, ({ calls: { valid, repaired, failed } }) => {
    const all = valid + repaired + failed
    const [good, fair] = [valid / all, repaired / all]
    return {
      words: `${valid} valid, ${repaired} repaired, ${failed} failed`,
      shapes: `${bar('good', 0, good)}${bar('fair', good, fair)}${bar('bad', good + fair, failed / all)}`,
    }
  })
}

const swatch = (name: string): string =>
  `<svg viewBox="0 0 10 10" aria-hidden="true"><rect class="${name}" width="10" height="10"/></svg>`

/** What the colours of `callBars` mean. */
export const legend = `<ul class="legend"><li>${swatch('good')} valid at first</li><li>${swatch('fair')} repaired: mended, or right at a second try</li><li>${swatch('bad')} failed</li></ul>`

/** A share within a table; the words beside it say the same. */
export function cellBar(share: number): string {
  return `<svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="100" height="10"/>${bar('bar', 0, share)}</svg>`
}

type Drawn = { readonly words: string; readonly shapes: string }

function rows(models: readonly ModelSummary[], draw: (model: ModelSummary) => Drawn): string {
  return models
    .map((model) => {
      const { words, shapes } = draw(model)
      const name = escaped(model.model)
      const label = escaped(`${model.model}: ${words}`)
      const svg = `<svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="${label}"><rect class="track" width="100" height="10"/>${shapes}</svg>`
      return `<div class="row"><span class="name">${name}</span>${svg}<span class="value">${escaped(words)}</span></div>`
    })
    .join('\n')
}

function bar(name: string, from: number, share: number): string {
  return `<rect class="${name}" x="${across(from)}" width="${across(share)}" height="10"/>`
}

function reach(from: number, to: number): string {
  const ends = [from, to]
    .map((at) => `<line class="reach" x1="${across(at)}" x2="${across(at)}" y1="2" y2="8"/>`)
    .join('')
  return `<line class="reach" x1="${across(from)}" x2="${across(to)}" y1="5" y2="5"/>${ends}`
}

function across(share: number): string {
  return (Math.min(1, Math.max(0, share)) * 100).toFixed(2)
}
