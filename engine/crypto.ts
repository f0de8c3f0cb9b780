import { createRequire } from 'node:module'

type Crypto = typeof import('node:crypto')

const require = createRequire(import.meta.url)
let loaded: Crypto | undefined

/** Node's hashes, loaded when they are first needed: nothing that the engine imports takes longer. */
export function nodeCrypto(): Crypto {
  loaded ??= require('node:crypto') as Crypto
  return loaded
}
