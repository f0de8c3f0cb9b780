import { existsSync } from 'node:fs'
import type { Browser } from 'playwright-core'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where a browser is, or undefined; `CHROMIUM` names another one. */
export const browserPath: string | undefined = [process.env['CHROMIUM'] ?? '', ...places].find((path) =>
  existsSync(path),
)

/** Why tests of the page are skipped here. */
export const noBrowser = 'there is no Chromium; install Debian’s chromium, or name one by CHROMIUM'

/** A browser without a window. */
export async function openBrowser(): Promise<Browser> {
  const { chromium } = await import('playwright-core')
  // Root, as whom machines of builds run, has no sandbox; the page is ours and on loopback.
  return chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox', '--disable-gpu'] })
}
