import type { JsonSchema } from '../../engine/schema.ts'

/** Pieces of payload schemas. */
export const text: JsonSchema = { type: 'string' }
export const texts: JsonSchema = { type: 'array', items: text }
export const flag: JsonSchema = { type: 'boolean' }
export const count: JsonSchema = { type: 'integer', minimum: 0 }
export const time: JsonSchema = { type: 'number' }
export const anyObject: JsonSchema = { type: 'object' }
/** A row number of a table. */
export const row: JsonSchema = { type: 'integer', minimum: 1, maximum: 0xffff_ffff }
/** Relative to the notes folder, with forward slashes, never leaving it. */
export const path: JsonSchema = { type: 'string', minLength: 1, maxLength: 4096 }
/** SHA-256 of a file's bytes, in hex. */
export const hash: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{64}$' }
/** Fields that a source adds are kept in the journal and not read. */
export const open = (schema: JsonSchema): JsonSchema => ({ ...schema, additionalProperties: true })
