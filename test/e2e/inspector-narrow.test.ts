import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { browserPath, noBrowser, openBrowser } from '../support/browser.ts'

const style = readFileSync(new URL('../../adapters/inspector/page/style.css', import.meta.url), 'utf8')
const reason = 'line 4: front matter: Flow sequence in block collection must be sufficiently indented and end with a ]'
const row = ['2026-01-31-standup.md', '<span class="bad">failed</span>', 'frontmatter/v1', reason]

/** The board as the page builds it, without a daemon: what is measured here is the style sheet alone. */
const board = `<main id="panels"><section id="sentinels"><div class="scroll"><table>
  <thead><tr><th>note</th><th>verdict</th><th>contract</th><th>reason</th></tr></thead>
  <tbody><tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr></tbody>
</table></div></section></main>`

test.skipIf(browserPath === undefined).each([360, 390])(
  `the reason of a failed note is read whole at %i pixels${browserPath === undefined ? `: ${noBrowser}` : ''}`,
  async (width) => {
    const browser = await openBrowser()
    try {
      const page = await browser.newPage({ viewport: { width, height: 800 } })
      await page.setContent(`<style>${style}</style>${board}`)
      const [own, seen] = await page.evaluate<number[]>(
        '(() => { const { scrollWidth, clientWidth } = document.querySelector(".scroll"); return [scrollWidth, clientWidth] })()',
      )
      expect(own).toBeLessThanOrEqual(seen!)
      const cell = await page.locator('td').nth(3).boundingBox()
      expect(cell!.width).toBeGreaterThan(width / 2)
    } finally {
      await browser.close()
    }
  },
)
