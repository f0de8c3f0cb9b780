import { crc32 } from 'node:zlib'

/** Bytes before the components: format, a spare byte, dimensions, CRC-32 of the model's name, scale. */
const headBytes = 12
const format = 1
const dimensionsMax = 8192

/** A vector as it was kept. */
export type KeptVector = { readonly dimensions: number; readonly model_crc: number; readonly vector: Float32Array }

/**
 * A vector as the text of a record: base64 of 12 bytes of head and one signed byte a component, as a share of the
 * largest. For 256 dimensions that is 360 bytes at rest, for 1,536 it is 2,064. Its length is kept as 1.
 * @returns undefined when it holds NaN, infinity, or nothing but zeros
 */
export function vectorText(vector: Float32Array, model: string): string | undefined {
  let largest = 0
  let finite = vector.length > 0 && vector.length <= dimensionsMax
  for (let index = 0; index < vector.length; index++) {
    const size = Math.abs(vector[index]!)
    if (!(size < Number.POSITIVE_INFINITY)) finite = false
    if (size > largest) largest = size
  }
  if (!finite || largest === 0) return undefined
  let square = 0
  for (let index = 0; index < vector.length; index++) {
    const component = vector[index]!
    square += (component / largest) * (component / largest)
  }
  const bytes = Buffer.alloc(headBytes + vector.length)
  bytes.writeUInt8(format, 0)
  bytes.writeUInt16LE(vector.length, 2)
  bytes.writeUInt32LE(crc32(model), 4)
  bytes.writeFloatLE(1 / Math.sqrt(square) / 127, 8)
  for (let index = 0; index < vector.length; index++) {
    const component = vector[index]!
    bytes.writeInt8(Math.round((component / largest) * 127), headBytes + index)
  }
  return bytes.toString('base64')
}

/** What `vectorText` made, or undefined when it is anything else. */
export function vectorOfText(text: string): KeptVector | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length <= headBytes || bytes.readUInt8(0) !== format) return undefined
  const dimensions = bytes.readUInt16LE(2)
  const scale = bytes.readFloatLE(8)
  if (bytes.length !== headBytes + dimensions || !(scale > 0 && scale <= 1)) return undefined
  const vector = new Float32Array(dimensions)
  for (let index = 0; index < dimensions; index++) vector[index] = bytes.readInt8(headBytes + index) * scale
  return { dimensions, model_crc: bytes.readUInt32LE(4), vector }
}

/** The components of one vector of an answer: base64 of little-endian floats; undefined when it has another length. */
export function floatsOf(text: string, dimensions: number): Float32Array | undefined {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 4 * dimensions) return undefined
  const vector = new Float32Array(dimensions)
  for (let index = 0; index < dimensions; index++) vector[index] = bytes.readFloatLE(4 * index)
  return vector
}
