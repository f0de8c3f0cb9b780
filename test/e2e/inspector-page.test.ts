import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chatPath, streamDaemon } from '../../adapters/control.ts'
import { browserPath, noBrowser, openBrowser } from '../support/browser.ts'
import { cleanUp, type Daemon, Place } from '../support/daemon.ts'

/** Texts that would do something if they were taken for markup or code. */
const hostile = [
  '<img src=x onerror="document.title=\'taken\'"> and <script>document.title="taken"</script>',
  '<svg onload=alert(1)> <iframe src="javascript:alert(2)"></iframe> </script><script>alert(3)</script>',
  '"><a href="javascript:alert(4)">click</a> {{constructor.constructor("alert(5)")()}} <%= alert(6) %>',
  '\u202Egnp.exe \u200B\u2066 &lt;b&gt; &#x3C;script&#x3E;alert(7)&#x3C;/script&#x3E; <!-- --> ]]>',
]

describe.skipIf(browserPath === undefined)(
  `the page in a browser${browserPath === undefined ? `: ${noBrowser}` : ''}`,
  () => {
    let place: Place
    let daemon: Daemon
    let browser: Browser
    let token = ''
    let address = ''
    const wrong: string[] = []

    beforeAll(async () => {
      place = new Place()
      place.note('boats.md', '---\ntitle: Boats\n---\nIn Qaanaaq the boats wait for summer. Maja Lund repairs them.\n')
      place.note('maja.md', '---\ntitle: Maja Lund\n---\nMaja Lund was born in Aarhus and builds kayaks.\n')
      place.note('seals.md', '# Seals\n\nThe seals of Greenland rest on the ice near Qaanaaq.\n')
      hostile.forEach((text, at) => {
        place.note(`hostile ${at}.md`, `---\ntitle: 'Trap ${at}'\n---\nA trap for the page: ${text}\n`)
      })
      ;[daemon, browser] = await Promise.all([place.start(['--inspector-write']), openBrowser()])
      await daemon.until('the port is said', () => Promise.resolve(/"port":(\d+)/.test(daemon.err)))
      token = readFileSync(join(place.data, 'inspector.token'), 'utf8').trim()
      address = `http://127.0.0.1:${/"port":(\d+)/.exec(daemon.err)![1]}`
      await daemon.until('the notes are remembered', async () => {
        const { memories } = (await daemon.ask('/api/status')) as { memories: number }
        return memories === 7
      })
      const question = { session: 'promethean/chat', text: 'who repairs the boats?' }
      for await (const line of streamDaemon(place.data, chatPath, question, AbortSignal.timeout(20_000))) {
        if ('type' in line && line.type === 'turn.ended') break
      }
    }, 60_000)

    afterAll(async () => {
      await browser?.close()
      await daemon?.stop()
      await cleanUp()
    })

    /** A page of its own, past the door. */
    async function look(options: BrowserContextOptions = {}): Promise<Page> {
      const context = await browser.newContext({ viewport: { width: 1400, height: 1000 }, ...options })
      const page = await context.newPage()
      page.on('console', (message) => {
        if (message.type() === 'error' || message.type() === 'warning') wrong.push(`console: ${message.text()}`)
      })
      page.on('pageerror', (error) => wrong.push(`thrown: ${error.message}`))
      page.on('dialog', (dialog) => {
        wrong.push(`a dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      page.on('request', (request) => {
        const url = new URL(request.url())
        if (url.origin !== address && url.protocol !== 'data:') wrong.push(`a request to ${request.url()}`)
        if (request.url().includes(token)) wrong.push('the token is in an address')
      })
      await page.goto(address)
      await page.fill('#token', token)
      await page.press('#token', 'Enter')
      await page.waitForSelector('#panels:not([hidden])')
      return page
    }

    async function sees(page: Page, panel: string, text: string | RegExp): Promise<void> {
      const section = page.locator(`section#${panel}`)
      await section.scrollIntoViewIfNeeded()
      await section.getByText(text).first().waitFor({ timeout: 10_000 })
    }

    test('the door lets in who has the token, and says so to who has not', async () => {
      const page = await browser.newPage()
      await page.goto(address)
      await page.fill('#token', 'x'.repeat(43))
      await page.press('#token', 'Enter')
      await page.getByText('This is not the token.').waitFor()
      expect(await page.locator('#panels').isHidden()).toBe(true)
      await page.close()
    })

    test('every panel shows what the daemon does', async () => {
      const page = await look()
      await sees(page, 'ticks', /tick \d+: /)
      await sees(page, 'ticks', /^sentinel /)
      await sees(page, 'queues', 'promethean/chat')
      await page.locator('section#gauges canvas').waitFor()
      await sees(page, 'ingest', 'fs')
      await sees(page, 'outbox', 'embedding')
      await sees(page, 'models', 'offline')
      await sees(page, 'context', /turn 1 of promethean\/chat: done/)
      await sees(page, 'context', /related \d+ of/)
      await sees(page, 'families', 'No program has repeated itself enough yet.')
      await sees(page, 'sentinels', 'seals.md')
      await sees(page, 'world', 'memories_awake')
      await page.locator('section#time').scrollIntoViewIfNeeded()
      await page.locator('#moment').focus()
      await page.keyboard.press('Home')
      await sees(page, 'time', /replayed from tick 0/)
      await page.context().close()
    })

    test('a search draws its walk, and the keyboard alone leads to a memory', async () => {
      const page = await look()
      for (let presses = 0; presses < 60; presses++) {
        await page.keyboard.press('Tab')
        if ((await page.evaluate('document.activeElement?.id')) === 'query') break
      }
      await page.keyboard.type('who repairs the boats near the seals of Greenland?')
      await page.keyboard.press('Enter')
      await page.locator('svg.walk g.key').first().waitFor()
      expect(await page.locator('svg.walk line').count()).toBeGreaterThan(1)
      await page.locator('svg.walk g[tabindex="0"]').focus()
      const labels = new Set<string | null>()
      for (const key of ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'ArrowRight', 'ArrowDown', 'ArrowLeft']) {
        await page.keyboard.press(key)
        labels.add(await page.evaluate<string | null>("document.activeElement?.getAttribute('aria-label') ?? null"))
      }
      expect(labels.size).toBeGreaterThan(2)
      await page.locator('svg.walk g.memory').first().focus()
      await page.keyboard.press('Enter')
      await page.locator('#memory-one table').waitFor()
      expect(await page.locator('#memory-one').textContent()).toMatch(/believed like person/)
      await page.context().close()
    })

    test('events are tapped by type, and held', async () => {
      const page = await look()
      await page.locator('section#events').scrollIntoViewIfNeeded()
      await page.fill('#tap', 'fs.*')
      await page.press('#tap', 'Enter')
      // The stream opens anew, and what it says first shows that it has.
      await page.waitForTimeout(300)
      place.note('late.md', '# Late\n\nA note that comes late.\n')
      await sees(page, 'events', /^fs\.file\.created/)
      const types = await page.locator('section#events summary span.mono').allTextContents()
      expect(types.every((type) => type.startsWith('fs.'))).toBe(true)
      await page.locator('section#events summary').first().click()
      await page.locator('section#events pre').first().waitFor()
      await page.context().close()
    })

    test('hostile texts stay texts', async () => {
      const page = await look()
      await page.fill('#query', 'a trap for the page')
      await page.press('#query', 'Enter')
      await page
        .getByText(/onerror=/)
        .first()
        .waitFor()
      const names = page.locator('section#memory .hits button')
      for (let at = 0; at < Math.min(4, await names.count()); at++) {
        await names.nth(at).click()
        await page.locator('#memory-one pre').waitFor()
      }
      expect(await page.title()).toBe('Promethean')
      expect(await page.locator('#panels img, #panels script, #panels iframe, #panels a').count()).toBe(0)
      await page.context().close()
    })

    test.each([
      ['dark', 'dark', 360],
      ['light', 'light', 390],
    ] as const)('on a phone, in the %s: nothing sticks out', async (_name, colorScheme, width) => {
      const page = await look({ colorScheme, viewport: { width, height: 800 } })
      await sees(page, 'sentinels', 'seals.md')
      await sees(page, 'queues', 'promethean/chat')
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width)
      const [ground, text] = await page.evaluate<string[]>(
        '[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.body).color]',
      )
      expect(ground).not.toBe(text)
      await page.context().close()
    })

    test('debug knobs are there where they are allowed, and work', async () => {
      const page = await look()
      const debug = page.locator('section#debug')
      await debug.scrollIntoViewIfNeeded()
      await debug.getByRole('button', { name: 'Pause' }).click()
      await debug.getByText(/^paused, tick \d+/).waitFor()
      await page.getByText('ok, paused').waitFor()
      await debug.getByRole('button', { name: 'Resume' }).click()
      await debug.getByText(/^20 ticks a second/).waitFor()
      await page.context().close()
    })

    test('nothing was written to the console, nothing asked of elsewhere', () => {
      expect(wrong.filter((each) => !each.includes('401'))).toEqual([])
    })
  },
)
