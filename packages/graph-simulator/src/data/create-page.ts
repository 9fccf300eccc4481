import { PAGE_FIELDS } from '../graph/subscription-fields.ts'
import type { ConversationShape, PageSpec } from '../simulator-options.ts'
import type { SimulatedPage, World } from '../world.ts'
import { hash, seedOf } from './hash.ts'
import { recorded, replay } from './journal.ts'
import { createLabelStore, LABEL_CHANGES } from './label-store.ts'
import { createPageStore, STORE_CHANGES } from './page-store.ts'

const NAMES = [
  'Riverside Café',
  'Angkor Books',
  'Chiang Mai Ceramics',
  'Green Bicycle Shop',
  'Phnom Penh Bakery',
  'Lotus Yoga Studio',
]
const CATEGORIES = ['Coffee shop', 'Bookstore', 'Pottery studio', 'Bicycle shop', 'Bakery', 'Yoga studio']

const completeShape = (given: number | ConversationShape | undefined): Required<ConversationShape> => ({
  longShare: 0.05,
  longMessages: 100,
  shortMin: 6,
  shortMax: 20,
  doneShare: 0.1,
  otherShare: 0,
  spamShare: 0,
  recentCustomers: 8,
  historyDays: 180,
  profileDeniedShare: 0.1,
  profilePhoneShare: 0.03,
  ...(typeof given === 'number' ? { count: given } : (given ?? { count: 60 })),
})

/** A page as its spec says; what it leaves open follows from the seed and the page's number. */
export function createPage(world: World, spec: PageSpec): SimulatedPage {
  const number = world.pages.size
  const id = spec.facebookPageId ?? `1${String(hash(world.seed, number, 51)).padStart(14, '0')}`
  const shape = completeShape(spec.conversations)
  shape.recentCustomers = Math.min(shape.recentCustomers, shape.count)
  const seed = seedOf(id, world.seed)
  const epoch = spec.epoch ?? world.journal?.epoch ?? world.clock.now()
  const { journal } = world
  const keep = (part: 'store' | 'labels' | 'page') => (method: string, args: readonly unknown[]) =>
    journal?.record({ page: id, part, method, args })
  const store = createPageStore({ seed, facebookPageId: id, epoch, shape })
  const labels = createLabelStore(`5${String(hash(seed, 52)).padStart(10, '0')}`)
  const settings = createPageSettings(detailsOf(spec, id, number, seed), spec.subscribed === false ? null : PAGE_FIELDS)
  for (const entry of journal?.entries ?? []) {
    if (entry.page === id) replay({ store, labels, page: settings }[entry.part], entry)
  }
  return {
    id,
    number,
    ...(journal === undefined ? settings : recorded(settings, ['change', 'subscribe'], keep('page'))),
    get subscribedFields() {
      return settings.subscribed()
    },
    store: journal === undefined ? store : recorded(store, STORE_CHANGES, keep('store')),
    labels: journal === undefined ? labels : recorded(labels, LABEL_CHANGES, keep('labels')),
    people: new Map(),
    comments: new Map(),
  }
}

/** What the page says of itself and which of its webhooks the app gets. */
function createPageSettings(details: Record<string, unknown>, subscribed: readonly string[] | null) {
  let fields = subscribed === null ? undefined : new Set(subscribed)
  return {
    details,
    change(changes: Readonly<Record<string, unknown>>) {
      for (const [name, value] of Object.entries(changes)) {
        if (value === null) delete details[name]
        else details[name] = value
      }
    },
    subscribed: () => fields,
    subscribe(wanted: readonly string[] | null | undefined) {
      fields = wanted === null || wanted === undefined ? undefined : new Set(wanted)
    },
  }
}

const detailsOf = (spec: PageSpec, id: string, number: number, seed: number): Record<string, unknown> => ({
  ...generatedDetails(id, number, seed),
  ...(spec.name === undefined ? {} : { name: spec.name }),
  ...(spec.category === undefined ? {} : { category: spec.category }),
  ...spec.details,
})

function generatedDetails(id: string, number: number, seed: number): Record<string, unknown> {
  const place = number % NAMES.length
  const round = Math.floor(number / NAMES.length)
  const name = round === 0 ? NAMES[place]! : `${NAMES[place]} ${round + 1}`
  const handle = name
    .normalize('NFD')
    .replace(/[^A-Za-z0-9]/g, '')
    .toLowerCase()
  const fans = 1_000 + (hash(seed, 53) % 20_000)
  return {
    name,
    username: handle,
    category: CATEGORIES[place],
    category_list: [{ id: String(197_800_000_000_000 + place), name: CATEGORIES[place] }],
    about: `${name} – fresh every day, down by the river.`,
    description: 'Family-run since 2014. Coffee, cakes & friendly people; delivery all over town.',
    phone: '+85512345678',
    website: `https://${handle}.example/`,
    emails: [`hello@${handle}.example`],
    link: `https://www.facebook.com/${id}`,
    cover: {
      id: `${id}7`,
      source: 'https://scontent.xx.example/cover.jpg',
      offset_x: 50,
      offset_y: 50,
      cover_id: `${id}7`,
    },
    fan_count: fans,
    followers_count: fans + 311,
    single_line_address: 'Sisowath Quay 12, Phnom Penh, 12000, Cambodia',
    location: {
      city: 'Phnom Penh',
      country: 'Cambodia',
      latitude: 11.5676,
      longitude: 104.9304,
      street: 'Sisowath Quay 12',
      zip: '12000',
    },
    hours: { mon_1_open: '07:00', mon_1_close: '21:00', sun_1_open: '08:00', sun_1_close: '20:00' },
    is_published: true,
    verification_status: 'not_verified',
    has_transitioned_to_new_page_experience: true,
    price_range: '$$',
    talking_about_count: fans >> 5,
    rating_count: 87,
    overall_star_rating: 4.7,
    is_messenger_platform_bot: false,
  }
}
