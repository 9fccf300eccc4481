import { describe, expect, it } from 'vitest'
import { COLLECTIONS } from '../store/repositories/ensure-collections.ts'
import { OWNED_ROWS, placesOf } from './owned-rows.ts'

describe('the list of whose rows are whose', () => {
  it('has every collection that the system makes, once', () => {
    const made = COLLECTIONS.map(({ name }) => name).sort()
    expect(OWNED_ROWS.map(({ definition }) => definition.name).sort()).toEqual(made)
  })

  it('says why where it finds nobody', () => {
    for (const { definition, ofTenant, why } of OWNED_ROWS)
      expect(why !== undefined, definition.name).toBe(ofTenant === null)
  })

  it('names indexes that are there, and whose first field is the one that it asks for', () => {
    for (const { definition, ofTenant, ofPage } of OWNED_ROWS) {
      for (const finder of [ofTenant, ofPage]) {
        if (!finder || !('index' in finder)) continue
        const fields = definition.indexes[finder.index]
        expect(fields, `${definition.name}.${finder.index}`).toBeDefined()
        if (finder.by === 'tenant-index') expect(fields?.[0]).toBe('tenant_id')
        if (finder.by === 'page-index') expect(fields?.[0]).toBe('page_id')
      }
    }
  })

  it('keeps neighbours out of every range', () => {
    const page = { id: 1, key: 't_a/900', facebook_page_id: '900' }
    const scope = { kind: 'tenant' as const, tenantId: 't_a', pages: [page] }
    for (const each of OWNED_ROWS) {
      for (const place of placesOf(each, scope)) {
        if ('ids' in place || !place.selection.range) continue
        const { gte = '', lt = '' } = place.selection.range
        for (const other of ['10:x', '11:x', '2:x', 't_a', 't_a-b/x', 't_aa/x', 't_b/x'])
          expect(other >= String(gte) && other < String(lt), `${each.definition.name} ${other}`).toBe(false)
        const own = ['1:x', '1/x', 't_a/x', 't:t_a/x'].filter((id) => id >= String(gte) && id < String(lt))
        expect(own, each.definition.name).toHaveLength(1)
      }
    }
  })
})
