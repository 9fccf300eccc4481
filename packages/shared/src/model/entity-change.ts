import { type Change, type ChangeType, changeId } from './change.ts'

/** One of our rows: its natural key, our number of it, and its version. */
export interface ChangedEntity {
  readonly _id: string
  readonly id: number | null
  readonly rev: number
}

/** Whose page it is about: a page's row, or what another row says of its page. */
export interface ChangedPage {
  readonly tenant_id: string
  readonly id: number
  readonly facebook_page_id: string
}

export interface Told {
  readonly type: ChangeType
  readonly cause: Change['cause']
  readonly fields: Readonly<Record<string, unknown>>
  readonly atMs: number
  /** `live` where it is not said. */
  readonly origin?: Change['origin']
  /** What makes it another announcement than earlier ones of the same type and entity; its version where it is not said. */
  readonly distinction?: string | number
}

/** The announcement of what became different about an entity. The same told again has the same id. */
export function entityChange(entity: ChangedEntity, page: ChangedPage, told: Told): Change {
  return {
    id: changeId(told.type, entity._id, told.distinction ?? entity.rev),
    type: told.type,
    tenant_id: page.tenant_id,
    page_id: page.id,
    facebook_page_id: page.facebook_page_id,
    entity: entity._id,
    entity_id: entity.id,
    version: entity.rev,
    cause: told.cause,
    origin: told.origin ?? 'live',
    fields: told.fields,
    at: new Date(told.atMs).toISOString(),
  }
}
