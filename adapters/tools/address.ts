import { BlockList, isIP } from 'node:net'

/** Which addresses are public: the only ones that a model may have asked. Pure. */

const blocked = new BlockList()
/** Every IPv4 range that is not the public network, of IANA's list of special purposes. */
const ranges4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
]
for (const [address, bits] of ranges4) blocked.addSubnet(address, bits, 'ipv4')

/** IPv6 is public in 2000::/3 alone: loopback, mapped, NAT64, local and multicast addresses lie outside. */
const public6 = new BlockList()
public6.addSubnet('2000::', 3, 'ipv6')
/** And within it not where an IPv4 address hides (6to4, Teredo), nor in documentation and tests. */
const special6 = new BlockList()
special6.addSubnet('2001::', 23, 'ipv6')
special6.addSubnet('2001:db8::', 32, 'ipv6')
special6.addSubnet('2002::', 16, 'ipv6')
special6.addSubnet('3fff::', 20, 'ipv6')

/** True for an address of the public network, written as digits; false for all else, also for what is no address. */
export function isPublic(address: string): boolean {
  const family = isIP(address)
  if (family === 4) return !blocked.check(address, 'ipv4')
  // A zone names an interface of this machine.
  if (family !== 6 || address.includes('%')) return false
  return public6.check(address, 'ipv6') && !special6.check(address, 'ipv6')
}
