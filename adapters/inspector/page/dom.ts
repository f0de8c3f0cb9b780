/** Small helpers to make and fill elements. Texts only ever go in as text. */

export type Child = Node | string | number

/** An element with attributes and children; a listener is an attribute that is a function: `onclick`. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: { readonly [name: string]: string | number | boolean | ((event: Event) => void) } = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (value === true) element.setAttribute(name, '')
    else if (value !== false) element.setAttribute(name, String(value))
  }
  element.append(...children.map((child) => (typeof child === 'number' ? String(child) : child)))
  return element
}

/** The element with this id, which the page has. */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (found === null) throw new Error(`the page has no element ${id}`)
  return found
}

/** Puts other children in the place of those that are there. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren(...children.map((child) => (typeof child === 'number' ? String(child) : child)))
}

/** A share from 0 to 1 as a bar, with its words for who does not see it. */
export function meter(share: number, label: string): HTMLElement {
  const inner = make('span')
  inner.style.width = `${Math.round(Math.max(0, Math.min(1, share)) * 100)}%`
  return make('span', { class: 'meter', role: 'img', 'aria-label': label }, inner)
}

const rowsMax = 200

export type Column = { readonly name: string; readonly number?: boolean }

/** A table of at most 200 rows; what is beyond is said below it. */
export function table(columns: readonly Column[], rows: readonly (readonly Child[])[], empty: string): HTMLElement {
  if (rows.length === 0) return make('p', { class: 'empty' }, empty)
  const kind = (at: number): string => (columns[at]?.number === true ? 'number' : '')
  const head = make('tr', {}, ...columns.map(({ name }, at) => make('th', { scope: 'col', class: kind(at) }, name)))
  const body = rows
    .slice(0, rowsMax)
    .map((row) => make('tr', {}, ...row.map((cell, at) => make('td', { class: kind(at) }, cell))))
  const whole = make('div', { class: 'scroll' }, make('table', {}, make('thead', {}, head), make('tbody', {}, ...body)))
  if (rows.length > rowsMax) whole.append(make('p', { class: 'quiet' }, `and ${rows.length - rowsMax} more`))
  return whole
}

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

/** A count for people: 1,234, or 1.2M where it is large. */
export function count(value: number): string {
  return Math.abs(value) >= 1_000_000 ? short.format(value) : whole.format(value)
}

/** Microseconds for people. */
export function micros(value: number): string {
  if (value >= 1_000_000) return `${(value / 1_000_000).toFixed(2)} s`
  return value >= 1_000 ? `${(value / 1_000).toFixed(2)} ms` : `${value.toFixed(value < 10 ? 1 : 0)} µs`
}

/** A span of milliseconds for people. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 60_000)} min`
}

/** A time in the reader's own zone, or a dash where it is unknown. */
export function moment(ms: number): string {
  return ms > 0 && ms < 8.64e15 ? new Date(ms).toLocaleString() : '–'
}

/** The colour of one of several things, the same in every panel. */
export function colour(index: number, of: number): string {
  return `hsl(${Math.round((index * 360) / Math.max(1, of) + 18)} 58% ${index % 2 === 0 ? 50 : 62}%)`
}
