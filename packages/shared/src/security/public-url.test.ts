import { expect, it } from 'vitest'
import { isPublicUrl } from './public-url.ts'

it.each([
  'https://cdn.example.com/a.png',
  'https://example.com/?x=http://127.0.0.1/',
  'https://8.8.8.8/a',
  'https://[2606:4700::1111]/a',
  'https://xn--bcher-kva.example/a',
])('%s is public', (url) => {
  expect(isPublicUrl(url)).toBe(true)
})

it.each([
  'http://cdn.example.com/a.png',
  'ftp://cdn.example.com/a',
  'https://user:pass@cdn.example.com/a',
  'https://cdn.example.com:8443/a',
  'https://localhost/a',
  'https://app.localhost./a',
  'https://intranet/a',
  'https://db.internal/a',
  'https://printer.local/a',
  'https://metadata.google.internal/computeMetadata/v1/',
  'https://127.0.0.1/a',
  'https://127.1/a',
  'https://0x7f.1/a',
  'https://2130706433/a',
  'https://0177.0.0.1/a',
  'https://10.1.2.3/a',
  'https://172.31.0.1/a',
  'https://192.168.1.1/a',
  'https://169.254.169.254/latest/meta-data/',
  'https://100.100.100.200/a',
  'https://0.0.0.0/a',
  'https://255.255.255.255/a',
  'https://[::1]/a',
  'https://[::]/a',
  'https://[::ffff:127.0.0.1]/a',
  'https://[::127.0.0.1]/a',
  'https://[::a9fe:a9fe]/a',
  'https://[64:ff9b::7f00:1]/a',
  'https://[2002:7f00:1::]/a',
  'https://[fd00::1]/a',
  'https://[fe80::1]/a',
  'https://１２７.0.0.1/a',
  'https:///a',
  'not a url',
])('%s is not', (url) => {
  expect(isPublicUrl(url)).toBe(false)
})
