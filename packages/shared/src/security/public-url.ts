import { BlockList, isIP } from 'node:net'

/** Loopback, private, link-local (with the clouds' metadata), shared, reserved, multicast: nothing of them is public. */
const PRIVATE_4 = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  PRIVATE_4.addSubnet(network, prefix, 'ipv4')
/** A list of its own: an IPv4 address would be found in the network of mapped ones. */
const PRIVATE_6 = new BlockList()
for (const [network, prefix] of [
  // Loopback and nobody among them. IPv4 in other clothes: compatible, mapped, translated, 6to4, Teredo.
  ['::', 96],
  ['::ffff:0:0', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['2001::', 32],
  ['100::', 64],
  ['2001:db8::', 32],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const)
  PRIVATE_6.addSubnet(network, prefix, 'ipv6')

const PRIVATE_NAMES = ['localhost', 'local', 'internal', 'intranet', 'lan', 'home.arpa', 'onion']

/** Where what a message shows may be. Private addresses are for development alone. */
export const allowedUrls =
  (allowPrivateUrls = false) =>
  (url: string): boolean =>
    allowPrivateUrls || isPublicUrl(url)

/**
 * Whether a caller's URL may be passed on: https on its own port, without credentials, at a public address or a name
 * that is not one of a private network by its form. Who fetches it (Facebook, never we) resolves the name by itself:
 * what the name means there is not ours to find out. `0x7f.1` and `2130706433` are read as what they mean.
 */
export function isPublicUrl(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, hostname, username, password, port } = new URL(text)
  if (protocol !== 'https:' || username !== '' || password !== '' || port !== '') return false
  const host = hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const version = isIP(host)
  if (version === 4) return !PRIVATE_4.check(host, 'ipv4')
  if (version === 6) return !PRIVATE_6.check(host, 'ipv6')
  return host.includes('.') && !PRIVATE_NAMES.some((name) => host === name || host.endsWith(`.${name}`))
}
