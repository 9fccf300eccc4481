/** A bounded number of places, of which one tenant can have only a part. */
export interface Places {
  hasRoomFor(tenantId: string): boolean
  /** Takes a place; what it answers gives it back, once however often it is called. */
  enter(tenantId: string): () => void
  count(): number
}

export function createPlaces(placesMax: number, ofTenantMax: number): Places {
  const taken = new Map<string, number>()
  let count = 0
  const add = (tenantId: string, places: number): void => {
    const left = (taken.get(tenantId) ?? 0) + places
    count += places
    if (left > 0) taken.set(tenantId, left)
    else taken.delete(tenantId)
  }
  return {
    hasRoomFor: (tenantId) => count < placesMax && (taken.get(tenantId) ?? 0) < ofTenantMax,
    enter(tenantId) {
      let isHere = true
      add(tenantId, 1)
      return () => {
        if (isHere) add(tenantId, -1)
        isHere = false
      }
    },
    count: () => count,
  }
}
