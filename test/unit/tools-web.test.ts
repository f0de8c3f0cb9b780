import { createServer, type Server, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { isPublic } from '../../adapters/tools/address.ts'
import { textOfHtml } from '../../adapters/tools/html.ts'
import { allTools, type WebFetchOptions } from '../../adapters/tools.ts'
import { bench, cleared } from '../support/tools.ts'

const servers: Server[] = []
const sockets = new Set<Socket>()

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  sockets.clear()
  for (const server of servers.splice(0)) server.close()
  await cleared()
})

/** A raw server on an address of this machine; `asked` are the request lines it has heard. */
async function raw(answer: (line: string, socket: Socket) => string | Buffer | undefined, host = '127.0.0.1') {
  const asked: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => sockets.delete(socket))
    socket.once('data', (data) => {
      const [line = ''] = data.toString().split('\r\n')
      asked.push(line)
      const text = answer(line, socket)
      if (text !== undefined) socket.end(text)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, host, resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return { port: address.port, asked }
}

function page(body: string, more = 'content-type: text/plain'): string {
  return `HTTP/1.1 200 OK\r\n${more}\r\nconnection: close\r\n\r\n${body}`
}

function moved(to: string): string {
  return `HTTP/1.1 302 Found\r\nlocation: ${to}\r\nconnection: close\r\n\r\n`
}

/** Lets only this server of the test through, under its own name. */
function only(port: number, more: WebFetchOptions = {}): WebFetchOptions {
  return {
    ports: [80, 443, port],
    resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    allow: (address, at) => address === '127.0.0.1' && at === port,
    ...more,
  }
}

async function fetching(options: WebFetchOptions) {
  const at = await bench(allTools({ web_fetch: options }))
  return (url: string, signal = AbortSignal.timeout(10_000)) => at.call('web.fetch', { url }, { signal })
}

test('only addresses of the public network are public', () => {
  const closed = [
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '10.1.2.3',
    '100.64.0.1',
    '169.254.169.254',
    '172.31.0.1',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '2001:0:1::',
    '100::1',
    'localhost',
    '',
    '2130706433',
  ]
  expect(closed.filter(isPublic)).toEqual([])
  const open = ['8.8.8.8', '93.184.216.34', '172.32.0.1', '100.128.0.1', '2606:2800:220:1::1', '2a00:1450::1']
  expect(open.filter((address) => !isPublic(address))).toEqual([])
})

test('an address of this machine or its network is never asked, however it is written', async () => {
  const server = await raw(() => page('inside'))
  const six = await raw(() => page('inside'), '::1').catch(() => undefined)
  const fetch = await fetching({ ports: [80, 443, server.port, ...(six === undefined ? [] : [six.port])] })
  const hosts = ['127.0.0.1', '0x7f000001', '2130706433', '0177.0.0.1', '127.1', 'localhost', '0.0.0.0', '0']
  const hosts6 = ['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::]', '[64:ff9b::7f00:1]', '[fd00:ec2::254]']
  for (const host of [...hosts, ...hosts6, '169.254.169.254', '10.0.0.1']) {
    expect(await fetch(`http://${host}:${server.port}/`), host).toMatch(/^WEB_ADDRESS/)
  }
  if (six !== undefined) expect(await fetch(`http://[::1]:${six.port}/`)).toMatch(/^WEB_ADDRESS/)
  expect([...server.asked, ...(six?.asked ?? [])]).toEqual([])
})

test.each([
  'file:///etc/passwd',
  'gopher://example.com/',
  'ftp://example.com/',
  'data:text/plain,hello',
  'http://user:word@example.com/',
  'http://example.com:22/',
  'http://example.com:8080/',
  'no address',
  'http://[::1',
])('%s is refused without looking anything up', async (url) => {
  const fetch = await fetching({
    resolve: async () => {
      throw new Error('looked up')
    },
  })
  expect(await fetch(url)).toMatch(/^WEB_ADDRESS/)
})

test('each hop is checked: a page that moves inside is not followed', async () => {
  const inside = await raw(() => page('inside'))
  const places = [
    'http://169.254.169.254/latest/meta-data/',
    `http://127.0.0.1:${inside.port}/`,
    `//[::1]:${inside.port}/`,
    'file:///etc/passwd',
    'http://a:b@example.com/',
  ]
  for (const place of places) {
    const server = await raw(() => moved(place))
    const fetch = await fetching(only(server.port, { ports: [80, 443, server.port, inside.port] }))
    expect(await fetch(`http://outside.test:${server.port}/`), place).toMatch(/^WEB_ADDRESS/)
  }
  expect(inside.asked).toEqual([])
})

test('a name that means another address a moment later is looked up once for each hop, and checked each time', async () => {
  const server = await raw((line) => (line.includes('/again') ? page('inside') : moved('/again')))
  let looked = 0
  const resolve = async () => [{ address: ++looked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]
  const fetch = await fetching(only(server.port, { resolve }))
  expect(await fetch(`http://rebind.test:${server.port}/`)).toMatch(/^WEB_ADDRESS/)
  expect(looked).toBe(2)
  expect(server.asked).toEqual(['GET / HTTP/1.1'])
})

test('a name of which one address is inside is not asked at all', async () => {
  const server = await raw(() => page('inside'))
  const resolve = async () => [
    { address: '127.0.0.1', family: 4 },
    { address: '10.0.0.1', family: 4 },
  ]
  const fetch = await fetching(only(server.port, { resolve }))
  expect(await fetch(`http://mixed.test:${server.port}/`)).toMatch(/^WEB_ADDRESS/)
  expect(server.asked).toEqual([])
})

test('a page is given as text, with where it was found after five moves at most', async () => {
  const server = await raw((line) => {
    const left = Number(/\/(\d+)/.exec(line)?.[1] ?? 0)
    if (left > 0) return moved(`/${left - 1}`)
    return page('<h1>Ducks</h1><script>evil()</script><p>They&nbsp;swim &amp; fly.', 'content-type: text/html')
  })
  const fetch = await fetching(only(server.port))
  const done = await fetch(`http://outside.test:${server.port}/5`)
  if (typeof done === 'string') throw new Error(done)
  const url = `http://outside.test:${server.port}/0`
  expect(JSON.parse(done.text)).toEqual({
    url,
    status: 200,
    type: 'text/html',
    cut: false,
    text: 'Ducks\nThey swim & fly.',
  })
  expect(await fetch(`http://outside.test:${server.port}/6`)).toMatch(/^WEB_REDIRECTS/)
})

test('a page without end is cut, one that stalls is left, what is no text is refused', async () => {
  const server = await raw((line, socket) => {
    if (line.includes('/endless')) {
      socket.write(page(''))
      const pour = (): boolean => !socket.destroyed && socket.write(Buffer.alloc(65_536, 97)) && pour()
      socket.on('drain', pour)
      pour()
      return undefined
    }
    if (line.includes('/stall')) return undefined
    if (line.includes('/slow')) {
      socket.write('HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nbeginning')
      return undefined
    }
    if (line.includes('/image')) return page('x', 'content-type: image/png')
    if (line.includes('/nul')) return page('a\0b')
    if (line.includes('/packed')) return page('x', 'content-type: text/plain\r\ncontent-encoding: gzip')
    if (line.includes('/heads')) return `HTTP/1.1 200 OK\r\n${'x: y\r\n'.repeat(20_000)}\r\n`
    return 'nonsense\r\n\r\n'
  })
  const fetch = await fetching(only(server.port, { bytes_max: 200_000 }))
  const get = (path: string, signal?: AbortSignal) => fetch(`http://outside.test:${server.port}/${path}`, signal)
  expect(await get('endless')).toMatchObject({ cut: true, failed: false })
  expect(await get('stall', AbortSignal.timeout(50))).toMatch(/^TOOL_TIMEOUT/)
  expect(await get('slow', AbortSignal.timeout(50))).toMatch(/^TOOL_TIMEOUT/)
  for (const path of ['image', 'nul', 'packed']) expect(await get(path)).toMatch(/^WEB_CONTENT/)
  for (const path of ['heads', 'nonsense']) expect(await get(path)).toMatch(/^WEB_FAILED/)
})

test('markup becomes lines; what is hidden in scripts, comments and styles is left out', () => {
  expect(textOfHtml('a<b>b</b>c<br>d<!-- <p>no --> e<style>p{}</style><ul><li>1<li>2</ul>')).toBe('abc\nd\ne\n1\n2')
  expect(textOfHtml('2 < 3 &#x26; &lt;p&gt; &unknown; &#0;&#99999999;')).toBe('2 < 3 & <p> &unknown; &#99999999;')
  expect(textOfHtml('<script>alert(1)')).toBe('')
  expect(textOfHtml(`${'<'.repeat(50_000)} x`).length).toBe(50_002)
})
