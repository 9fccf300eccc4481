import { Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'

const Open = { additionalProperties: true }

/** Facebook's ids in our records: 1…64 characters. */
const FacebookId = Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Integer()])

/**
 * The webhook's body, the *notification*: only its frame is checked here. Entries and their items are checked one by
 * one, so that one that is odd never takes its siblings with it.
 */
export const Notification = Type.Object({ object: Type.String(), entry: Type.Array(Type.Unknown()) }, Open)

/** What makes any body of ours to ignore recognisable: `object` says what it is about. */
export const AnyObject = Type.Object({ object: Type.String() }, Open)

/** An entry of a `page` notification: `messaging`, `standby`, `changes` or `changed_fields` of one page. */
export const PageEntry = Type.Object({ id: FacebookId }, Open)

/** A `permissions` change that names pages, such as a permission that was granted for them or taken away. */
export const PermissionChange = Type.Object(
  { field: Type.String(), value: Type.Object({ target_ids: Type.Array(Type.Unknown()) }, Open) },
  Open,
)

export const isNotification = TypeCompiler.Compile(Notification)
export const isAnyObject = TypeCompiler.Compile(AnyObject)
export const isPageEntry = TypeCompiler.Compile(PageEntry)
export const isPermissionChange = TypeCompiler.Compile(PermissionChange)
