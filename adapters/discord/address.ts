import { EngineError } from '../../engine/errors.ts'

/** @throws EngineError ADAPTER_OPTION for an address over which a token must not go */
export function addressOf(api_url: string): string {
  const refuse = (why: string): never => {
    throw new EngineError('ADAPTER_OPTION', `api_url ${why}`, { value: api_url })
  }
  const url = URL.parse(api_url) ?? refuse(`${api_url} is no address`)
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return refuse('must hold nothing but host and path')
  }
  const loopback = url.hostname === 'localhost' || url.hostname === '[::1]' || /^127(\.\d+){3}$/.test(url.hostname)
  if (url.protocol === 'https:' || (url.protocol === 'http:' && loopback)) return url.href.replace(/\/+$/, '')
  return refuse(`${api_url} must be https, or http on this machine: the token goes there`)
}
