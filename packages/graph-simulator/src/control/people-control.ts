import { Type } from '@sinclair/typebox'
import type { World } from '../world.ts'
import { checked, PageId, Psid, pageNamed } from './control-request.ts'
import { placeOf } from './event-maker.ts'

const PROFILES = ['open', 'denied', 'phone', 'permission', 'not_replied'] as const

const PersonSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    psid: Psid,
    available: Type.Optional(Type.Boolean({ description: 'false: sends answer 551/1545041' })),
    app_user: Type.Optional(
      Type.Boolean({ description: 'true: it is the person who logged in, so `ids_for_pages` names them' }),
    ),
    profile: Type.Optional(
      Type.Union(
        PROFILES.map((profile) => Type.Literal(profile)),
        {
          description: 'denied: {}; phone and not_replied: 100/2018218; permission: 2018247',
        },
      ),
    ),
  },
  { additionalProperties: false },
)

/** `PUT /_control/people`: what a person lets the page do and see. */
export function changePerson(world: World, body: unknown) {
  const { facebook_page_id: pageId, psid, ...changes } = checked(PersonSchema, body)
  const page = pageNamed(world, pageId)
  const { person } = placeOf(page, psid)
  const state = { ...page.people.get(person), ...changes }
  page.people.set(person, state)
  return { psid, name: page.store.person(person).name, ...state }
}
