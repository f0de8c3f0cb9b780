/** A column is one typed array; its kind is the width of a value. Overflow is silent, so choose it with care. */
export type ColumnKind = 'u8' | 'u16' | 'u32' | 'i32' | 'f32' | 'f64'
export type Schema = { readonly [column: string]: ColumnKind }

export type ColumnArray = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float32Array | Float64Array
type ArrayOf = {
  u8: Uint8Array
  u16: Uint16Array
  u32: Uint32Array
  i32: Int32Array
  f32: Float32Array
  f64: Float64Array
}
export type Columns<S extends Schema> = { readonly [K in keyof S]: ArrayOf[S[K]] }

const constructors = {
  u8: Uint8Array,
  u16: Uint16Array,
  u32: Uint32Array,
  i32: Int32Array,
  f32: Float32Array,
  f64: Float64Array,
} as const

/** Allocates zeroed columns for ids 0 to `capacity`; slot 0 stays empty because 0 means none. */
export function allocate(schema: Schema, capacity: number): Record<string, ColumnArray> {
  // Made in one go: an object that gets many properties one by one ends up as a hash table, and every access pays for it.
  return Object.fromEntries(Object.entries(schema).map(([name, kind]) => [name, new constructors[kind](capacity + 1)]))
}

/** Puts a larger copy in the place of a column. O(bytes). */
export function enlarge(columns: Record<string, ColumnArray>, schema: Schema, name: string, capacity: number): void {
  const larger = new constructors[schema[name]!](capacity + 1)
  larger.set(columns[name]!)
  columns[name] = larger
}

/** The bytes of slots 0 to `last`, without copying. */
export function bytesOf(column: ColumnArray, last: number): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, (last + 1) * column.BYTES_PER_ELEMENT)
}
