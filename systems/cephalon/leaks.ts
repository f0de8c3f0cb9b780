import { Trust } from '../components.ts'
import { withoutImages } from './leaks/links.ts'
import { plain } from './leaks/plain.ts'
import { withoutSecrets } from './leaks/secrets.ts'
import { withoutLoudUrls } from './leaks/urls.ts'

/**
 * What an agent may say outward: without control and invisible characters, without what looks like a secret, and with
 * images on other hosts named instead of shown. When the context held text of others (`trust` below `own`), links and URLs
 * that could carry something out go too: long queries, encoded blobs, hosts that look like data. What was taken stands there
 * in brackets. Pure, O(length).
 * @param trust the least Trust of what the model had before it
 */
export function withoutLeaks(text: string, trust: number): string {
  const tainted = !(trust >= Trust.own)
  const shown = withoutImages(withoutSecrets(plain(text)), tainted)
  return tainted ? withoutLoudUrls(shown) : shown
}
