import { printable } from '../diff.ts'

const names: { readonly [character: string]: string } = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39' }

/** A text as HTML shows it as it is, also within an attribute; what a reader cannot see becomes its escape. */
export function escaped(text: string): string {
  return printable(text.replace(/\s+/g, ' ')).replace(/[&<>"']/g, (character) => `&${names[character]};`)
}
