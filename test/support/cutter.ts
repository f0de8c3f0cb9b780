import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A way to a server on this machine that can be cut. */
export type Cutter = {
  readonly base_url: string
  /** Connections that were ever made. */
  readonly made: number
  /** Ends every connection that is open, in the middle of whatever it carries. */
  cut(): void
  close(): Promise<void>
}

/** Listens on loopback and passes on, byte for byte, to a port of this machine. */
export async function cutter(port: number): Promise<Cutter> {
  const open = new Set<Socket>()
  let made = 0
  const server = createServer((near) => {
    made++
    const far = connect(port, '127.0.0.1')
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(from)
      from.pipe(to)
      // An end that was cut is no failure of the test; what was cut shows on the other side.
      from.on('error', () => to.destroy())
      from.on('close', () => {
        open.delete(from)
        to.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  return {
    base_url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get made() {
      return made
    },
    cut,
    close: async () => {
      cut()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
