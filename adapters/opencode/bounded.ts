/** What is read of a server that may be anybody's: no redirect is followed, and no answer is longer than its bound. */

/** Bytes of an answer, and of one event of a stream. */
const answerBytes_max = 64 * 1_048_576
const eventBytes_max = 16 * 1_048_576
const lineEnd = 10

/** As `fetch`, for an SDK that takes another one. @throws TypeError for a redirect: the password would go along */
export async function boundedFetch(asked: Request | URL | string, init?: RequestInit): Promise<Response> {
  const response = await fetch(asked, { ...init, redirect: 'error' })
  if (response.body === null) return response
  const streams = response.headers.get('content-type')?.startsWith('text/event-stream') === true
  const body = response.body.pipeThrough(bounded(streams ? eventBytes_max : answerBytes_max, streams))
  const { headers, status, statusText } = response
  return new Response(body, { headers, status, statusText })
}

/** Fails as soon as there is more than so much, of all or since the last end of a line. O(bytes) */
function bounded(
  bytes_max: number,
  byLine: boolean,
): TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      const end = byLine ? chunk.lastIndexOf(lineEnd) : -1
      bytes = end < 0 ? bytes + chunk.length : chunk.length - end - 1
      if (bytes > bytes_max) controller.error(new Error(`the answer is longer than ${bytes_max} bytes`))
      else controller.enqueue(chunk)
    },
  })
}
