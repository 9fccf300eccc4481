import { describe, expect, test } from 'vitest'
import { findContactInfo, looksLikePhone } from './find-contact-info.ts'

describe('an e-mail address', () => {
  test.each([
    ['my mail is Sophea.Chan+shop@Example.COM.', 'Sophea.Chan+shop@example.com'],
    ['<a@b.co>', 'a@b.co'],
    ['écrivez à josé@exämple.fr !', 'josé@exämple.fr'],
    ['no@ and yes@mail.example.org', 'yes@mail.example.org'],
    // Scripts without blanks: what stands around the address is no part of it, but an address may be of them.
    ['อีเมลdara@example.comครับ', 'dara@example.com'],
    ['我的邮箱是dara@example.com谢谢', 'dara@example.com'],
    ['អ៊ីមែលdara.sok@mail.example.comបង', 'dara.sok@mail.example.com'],
    ['用户@例え.jp', '用户@例え.jp'],
    ['dara@mail.例え.jp', 'dara@mail.例え.jp'],
    ['dara@example.公司', 'dara@example.公司'],
    ['dara@mail.example.公司', 'dara@mail.example.公司'],
  ])('in %j is %s', (text, email) => {
    expect(findContactInfo(text).email).toBe(email)
  })

  test.each([
    'a@b',
    '@example.com',
    'a@example.c',
    'a..b@example.com',
    'a.@example.com',
    'a@-b.com',
    'a@b.123',
    'me at example.com',
  ])('is not in %j', (text) => {
    expect(findContactInfo(text).email).toBeNull()
  })

  test('is found in time that does not grow with what is sent', () => {
    expect(findContactInfo(`${'a'.repeat(1_000_000)}@${'b.'.repeat(1_000_000)}`).email).toBeNull()
    expect(findContactInfo('@'.repeat(1_000_000)).email).toBeNull()
  })
})

describe('a phone number', () => {
  test.each([
    ['call +855 12 345 678', undefined, '+85512345678'],
    ['call 012 345 678 please', 'KH', '+85512345678'],
    ['លេខ ០១២ ៣៤៥ ៦៧៨', 'KH', '+85512345678'],
    ['(650) 253-0000', 'US', '+16502530000'],
    ['call 012 345 678 please', undefined, '012345678'],
    ['0912-345-678', undefined, '0912345678'],
  ])('in %j (%s) is %s', (text, country, phone) => {
    expect(findContactInfo(text, country).phone).toBe(phone)
  })

  test.each([
    ['order 123456789', undefined],
    ['+855 1', undefined],
    ['012', 'KH'],
    ['at 10:30 on 2026-11-26', undefined],
  ])('is not in %j (%s)', (text, country) => {
    expect(findContactInfo(text, country).phone).toBeNull()
  })

  test('what was meant for one is told from other talk', () => {
    expect(looksLikePhone('my no is 12 34 56')).toBe(true)
    expect(looksLikePhone('I paid 123456 riel for the blue shirt last week')).toBe(false)
  })
})
