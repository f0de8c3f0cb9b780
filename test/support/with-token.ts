import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A server on loopback that passes everything on to another one with a token, for programs that cannot send one. */
export async function withToken(port: number, token: string): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer((asked, answer) => {
    const { host = '', origin, ...headers } = asked.headers
    // A name that is not this machine's is passed on as it is: whether it is refused is the other one's to say.
    const own = (name: string): string => name.replace(/(^|\/\/)(127\.0\.0\.1|localhost):\d+$/, `$1$2:${port}`)
    const passed = request(
      {
        host: '127.0.0.1',
        port,
        method: asked.method,
        path: asked.url,
        headers: {
          ...headers,
          host: own(host),
          ...(origin !== undefined && { origin: own(origin) }),
          authorization: `Bearer ${token}`,
        },
      },
      (given) => {
        answer.writeHead(given.statusCode ?? 502, given.headers)
        given.pipe(answer)
      },
    )
    passed.on('error', () => answer.destroy())
    asked.on('close', () => {
      if (!asked.complete) passed.destroy()
    })
    asked.pipe(passed)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
