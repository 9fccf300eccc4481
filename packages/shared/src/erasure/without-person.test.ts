import { describe, expect, it } from 'vitest'
import { namesPerson, withoutPerson } from './without-person.ts'

const marks = { ids: ['7001', 't_55'] }

describe('naming a person', () => {
  it('finds an id anywhere, also as a part of a key and as the name of a member', () => {
    expect(namesPerson({ a: [{ key: '1:7001' }] }, marks)).toBe(true)
    expect(namesPerson({ 'x:t_55': 1 }, marks)).toBe(true)
    expect(namesPerson('900:7001', marks)).toBe(true)
  })

  it('is not taken in by longer ids', () => {
    expect(namesPerson({ a: '70011', b: '17001', c: 't_556' }, marks)).toBe(false)
    expect(namesPerson({ a: '170010 but here 7001' }, marks)).toBe(true)
  })
})

describe('a value without the person', () => {
  it('loses the items that name them, and keeps the others', () => {
    const value = {
      counts: { contacts: 2 },
      contacts: [
        { id: 1, name: 'Dara', facebook_id: '7001' },
        { id: 2, name: 'Sok', facebook_id: '7002' },
      ],
      pages: [{ folder: 'inbox', listed: [{ key: '1:7001' }, { key: '1:7002' }] }],
      messages: [{ id: 5, from: { facebook_id: '7001', name: 'Dara' } }],
    }
    expect(withoutPerson(value, marks)).toEqual({
      counts: { contacts: 2 },
      contacts: [{ id: 2, name: 'Sok', facebook_id: '7002' }],
      pages: [{ folder: 'inbox', listed: [{ key: '1:7002' }] }],
      messages: [],
    })
  })

  it('has other texts blanked, and members named so left out', () => {
    expect(withoutPerson({ why: 'no reply from 7001', keys: { t_55: 1, other: 2 } }, marks)).toEqual({
      why: '[erased]',
      keys: { other: 2 },
    })
  })

  it('is the very same object where nothing names them', () => {
    const value = { contacts: [{ facebook_id: '7002' }] }
    expect(withoutPerson(value, marks)).toBe(value)
  })
})
