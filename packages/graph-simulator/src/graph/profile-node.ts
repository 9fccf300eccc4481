import { share } from '../data/hash.ts'
import type { SimulatedPage } from '../world.ts'
import { GraphError } from './graph-error.ts'
import { type GraphContext, text } from './graph-request.ts'
import { nonExisting, plain } from './select-fields.ts'

/** `GET /{psid}`: a person's profile, or one of the ways in which Facebook keeps it back. */
export function readProfile({ world, request, token }: GraphContext, page: SimulatedPage, person: number) {
  const access = page.people.get(person)?.profile ?? profileAccess(page, person)
  if (access === 'permission' || !token?.scopes.has('pages_messaging')) {
    throw new GraphError(2018247, '(#2018247) Insufficient permission to access user profile.')
  }
  if (access === 'phone' || access === 'not_replied') {
    const words = 'No profile available for this user.'
    throw new GraphError(100, `(#100) ${words}`, { subcode: 2018218, type: 'GraphMethodException' })
  }
  const psid = page.store.ids.people.encode(person)
  const { firstName, lastName, name, locale, timezone, gender } = page.store.person(person)
  const known: Record<string, unknown> = {
    id: psid,
    first_name: firstName,
    last_name: lastName,
    name,
    profile_pic: `https://platform-lookaside.example/platform/profilepic/?psid=${psid}&width=1024&ext=1800000000&hash=AbC`,
    locale,
    timezone,
    gender,
  }
  const asked = text(request, 'fields')
  const wanted = asked === undefined ? plain('first_name', 'last_name', 'profile_pic', 'id') : world.parseFields(asked)
  const profile: Record<string, unknown> = {}
  for (const { name: field } of wanted) {
    if (!(field in known)) throw nonExisting(field, 'User')
    profile[field] = known[field]
  }
  return access === 'denied' ? {} : { ...profile, id: psid }
}

function profileAccess({ store }: SimulatedPage, person: number): 'open' | 'denied' | 'phone' {
  const { profileDeniedShare, profilePhoneShare } = store.plan.shape
  const roll = share(store.plan.seed, person, 15)
  if (roll < profileDeniedShare) return 'denied'
  return roll < profileDeniedShare + profilePhoneShare ? 'phone' : 'open'
}
