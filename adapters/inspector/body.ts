import type { IncomingMessage } from 'node:http'

/** The media type of a request without its parameters, in lower case. */
export function mediaTypeOf(request: IncomingMessage): string | undefined {
  return request.headers['content-type']?.split(';')[0]?.trim().toLowerCase()
}

/** The whole body, or undefined as soon as it is too long. A sender that goes away reads no reply, so it counts alike. */
export function bodyOf(request: IncomingMessage, bytes_max: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > bytes_max) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let bytes = 0
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      chunks.push(chunk)
      if (bytes <= bytes_max) return
      request.pause()
      resolve(undefined)
    })
    request.on('end', () => resolve(Buffer.concat(chunks)))
    request.on('error', () => resolve(undefined))
  })
}

/** The object that a body holds as JSON in UTF-8, or undefined when it is anything else. */
export function objectIn(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
