import { type Person, personOf } from './names.ts'

/** The people who know a page: one for each generated conversation, and those who came later. */
export function createPagePeople(seed: number, generatedCount: number) {
  const later: { readonly name?: string }[] = []
  // The messages of a conversation name the same person again and again.
  let last: { readonly number: number; readonly person: Person } | undefined

  const make = (person: number): Person => {
    const made = personOf(seed, person)
    const name = later[person - generatedCount]?.name
    if (name === undefined) return made
    const [firstName = name, ...rest] = name.split(' ')
    return { ...made, name, firstName, lastName: rest.join(' ') }
  }

  return {
    /** A new person; without a name the generated one is taken. */
    add(name?: string): number {
      later.push(name === undefined ? {} : { name })
      return generatedCount + later.length - 1
    },
    count: () => generatedCount + later.length,
    person(person: number): Person {
      if (last?.number === person) return last.person
      last = { number: person, person: make(person) }
      return last.person
    },
  }
}
