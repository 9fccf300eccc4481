export interface Label {
  readonly id: string
  readonly name: string
  readonly people: Set<number>
}

export const LABEL_CHANGES = ['create', 'delete', 'put'] as const

/** The custom labels of one page and the people who carry them. */
export function createLabelStore(idPrefix: string) {
  const labels = new Map<string, Label>()
  let made = 0
  return {
    create(name: string): Label {
      const label: Label = { id: `${idPrefix}${String(++made).padStart(6, '0')}`, name, people: new Set() }
      labels.set(label.id, label)
      return label
    },
    get: (id: string) => labels.get(id),
    byName: (name: string) => [...labels.values()].find((label) => label.name === name),
    all: () => [...labels.values()],
    of: (person: number) => [...labels.values()].filter((label) => label.people.has(person)),
    delete: (id: string) => labels.delete(id),
    /** Puts a label on a person or takes it off; false when that changes nothing. */
    put(id: string, person: number, on: boolean): boolean {
      const people = labels.get(id)?.people
      if (people === undefined || people.has(person) === on) return false
      if (on) people.add(person)
      else people.delete(person)
      return true
    },
  }
}

export type LabelStore = ReturnType<typeof createLabelStore>
