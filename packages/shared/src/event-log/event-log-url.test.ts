import { describe, expect, it } from 'vitest'
import { parseEventLogUrl } from './event-log-url.ts'

describe('parseEventLogUrl', () => {
  it('reads brokers and takes three copies, two of them in sync, when nothing is said', () => {
    expect(parseEventLogUrl('kafka://a:9092,b.example:9093')).toEqual({
      engine: 'kafka',
      brokers: ['a:9092', 'b.example:9093'],
      replication: 3,
      minIsr: 2,
    })
  })

  it('reads the settings of a single broker', () => {
    expect(parseEventLogUrl('kafka://127.0.0.1:9092/?replication=1&min_isr=1')).toMatchObject({
      brokers: ['127.0.0.1:9092'],
      replication: 1,
      minIsr: 1,
    })
    expect(parseEventLogUrl('kafka://127.0.0.1:9092?replication=1')).toMatchObject({ replication: 1, minIsr: 1 })
  })

  it('reads the folder of the embedded engine', () => {
    expect(parseEventLogUrl('embedded:./data')).toEqual({ engine: 'embedded', directory: './data' })
    expect(parseEventLogUrl('embedded:/var/lib/pagesync')).toEqual({
      engine: 'embedded',
      directory: '/var/lib/pagesync',
    })
  })

  it.each([
    ['', 'neither'],
    ['redis://a:1', 'neither'],
    ['kafka://', 'host:port'],
    ['kafka://a', 'host:port'],
    ['kafka://a:9092,', 'host:port'],
    ['kafka://a:99999', 'host:port'],
    ['kafka://user:secret@a:9092', 'host:port'],
    ['kafka://a:9092?replicaton=1', 'replicaton'],
    ['kafka://a:9092?replication=0', 'replication'],
    ['kafka://a:9092?replication=1&min_isr=2', 'min_isr'],
    ['embedded:', 'folder'],
    ['embedded://data', 'without //'],
    ['embedded:./data?x=1', 'no settings'],
  ])('refuses %s and says what is right', (url, why) => {
    expect(() => parseEventLogUrl(url)).toThrowError(
      expect.objectContaining({
        code: 'CONFIGURATION_INVALID',
        message: expect.stringMatching(new RegExp(`${why}.*Right are kafka://host:9092`, 's')),
      }),
    )
  })

  it('never repeats a password', () => {
    expect(() => parseEventLogUrl('kafka://user:secret@a:9092')).toThrowError(
      expect.objectContaining({ message: expect.not.stringContaining('secret') }),
    )
  })
})
