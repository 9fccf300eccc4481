import type { CountedKind } from '../counting/id-ranges.ts'
import { removeCounted } from '../counting/remove-counted.ts'
import { sendKey } from '../model/send-reference.ts'
import type { Collection } from '../store/collection.ts'
import { AUTOMATIC_REPLIES, CONVERSATION_REPLIES } from '../store/repositories/automation-rows.ts'
import { DEAD_LETTERS, type DeadLetterRow } from '../store/repositories/dead-letters.ts'
import type { ErasureRow } from '../store/repositories/privacy-rows.ts'
import {
  COMMANDS,
  COMMENTS,
  CONTACTS,
  CONVERSATIONS,
  type CommandRow,
  type CommentRow,
  commentKey,
  conversationKey,
  MESSAGES,
  PAGE_EVENTS,
  SEND_ECHOES,
} from '../store/repositories/rows.ts'
import type { PagePerson } from '../store/repositories/tombstones.ts'
import { type ErasureDeps, type ErasureStep, LETTERS_AT_ONCE, ROWS_AT_ONCE, type StepOutcome } from './erasure-step.ts'
import { type AboutPerson, isAboutPerson, redactCommand } from './redact-command.ts'
import { walkRows } from './walk-rows.ts'
import { namesPerson } from './without-person.ts'

/**
 * Everything about one person at one page, in steps. Whatever the person did since they wrote again stays: see
 * `keptFrom`.
 */
export const PERSON_STEPS: readonly ErasureStep[] = [
  {
    // Before anything goes: what is still on its way finds it.
    name: 'tombstone',
    async run(job, _cursor, { tombstones }) {
      await tombstones.put(personOf(job), job.requested_ms)
      return { removed: 0, next: null }
    },
  },
  { name: 'contacts', run: (job, _cursor, deps) => removeOlder(job, deps, deps.store.collection(CONTACTS), 'contact') },
  {
    name: 'conversations',
    run: (job, _cursor, deps) => removeOlder(job, deps, deps.store.collection(CONVERSATIONS), 'conversation'),
  },
  {
    name: 'messages',
    async run(job, _cursor, deps) {
      const range = { lt: await keptFrom(job, deps) }
      const equals = { conversation_key: keyOf(job) }
      const selection = { index: 'byConversation', equals, range }
      const rows = await deps.store.collection(MESSAGES).find({ ...selection, limit: ROWS_AT_ONCE })
      const removed = await removeFromTotals(job, deps, 'message', rows)
      return { removed, next: rows.length < ROWS_AT_ONCE ? null : 'more' }
    },
  },
  {
    // Counters rest on them: what was counted stays, with whom it was does not.
    name: 'automatic_replies',
    async run(job, cursor, deps) {
      const replies = deps.store.collection(AUTOMATIC_REPLIES)
      const selection = { index: 'byConversation', equals: { conversation_key: keyOf(job) } }
      const until = await keptFrom(job, deps)
      return walkRows(
        { collection: replies, selection, open: ['at_ms'], limit: ROWS_AT_ONCE },
        cursor,
        async (rows) => {
          const theirs = rows.filter(({ at_ms }) => at_ms < until)
          const blank = theirs.map((row) => ({ ...row, conversation_key: null, answered_id: null }))
          if (blank.length > 0) await replies.replaceMany(blank)
          return blank.length
        },
      )
    },
  },
  {
    name: 'conversation_replies',
    async run(job, _cursor, deps) {
      if ((await keptFrom(job, deps)) < Number.MAX_SAFE_INTEGER) return { removed: 0, next: null }
      const removed = await deps.store.collection(CONVERSATION_REPLIES).deleteMany([keyOf(job)])
      return { removed, next: null }
    },
  },
  {
    name: 'page_events',
    async run(job, cursor, deps) {
      const events = deps.store.collection(PAGE_EVENTS)
      const until = await keptFrom(job, deps)
      const { page, psid } = personOf(job)
      const selection = { index: 'byPerson', equals: { page_id: page.id, psid } }
      return walkRows({ collection: events, selection, open: [], limit: ROWS_AT_ONCE }, cursor, (rows) =>
        remove(
          events,
          rows.filter((row) => row.time_ms < until),
        ),
      )
    },
  },
  {
    // Comments and the like: who did it stands within.
    name: 'page_events_of_others',
    async run(job, cursor, deps) {
      const events = deps.store.collection(PAGE_EVENTS)
      const { page } = personOf(job)
      const selection = { index: 'byPerson', equals: { page_id: page.id, psid: null } }
      return walkRows({ collection: events, selection, open: [], limit: ROWS_AT_ONCE }, cursor, (rows) =>
        remove(
          events,
          rows.filter((row) => row.time_ms <= job.requested_ms && namesPerson(row.raw, marksOf(job))),
        ),
      )
    },
  },
  { name: 'commands', run: redactCommands },
  {
    name: 'comments',
    async run(job, cursor, deps) {
      const comments = deps.store.collection(COMMENTS)
      const { page, psid } = personOf(job)
      const selection = { index: 'byAuthor', equals: { page_id: page.id, from_id: psid } }
      return walkRows({ collection: comments, selection, open: [], limit: ROWS_AT_ONCE }, cursor, (rows) =>
        remove(
          comments,
          rows.filter((row) => row.created_ms <= job.requested_ms),
        ),
      )
    },
  },
  { name: 'dead_letters', run: (job, cursor, deps) => removeLetters(job, job.tenant_id, cursor, deps) },
  // Bodies of webhooks that could not be read belong to nobody.
  { name: 'dead_letters_of_nobody', run: (job, cursor, deps) => removeLetters(job, null, cursor, deps) },
  {
    name: 'messages_among_several',
    async run(job, cursor, deps) {
      const conversations = deps.store.collection(CONVERSATIONS)
      const selection = { index: 'byPageId', equals: { page_id: personOf(job).page.id } }
      return walkRows(
        { collection: conversations, selection, open: ['id'], limit: ROWS_AT_ONCE },
        cursor,
        async (rows) => {
          let removed = 0
          for (const { _id, psid } of rows) if (psid === null) removed += await removeAmongSeveral(_id, job, deps)
          return removed
        },
      )
    },
  },
]

/** The person and the page that an erasure is about. */
function personOf({ tenant_id, page_id, person }: ErasureRow): PagePerson {
  const facebook_page_id = person?.facebook_page_id as string
  return { page: { id: page_id as number, tenant_id, facebook_page_id }, psid: person?.psid as string }
}

function keyOf(job: ErasureRow): string {
  const { page, psid } = personOf(job)
  return conversationKey(page.id, psid)
}

const marksOf = ({ person }: ErasureRow) => ({ ids: person ? [person.psid, ...person.thread_ids] : [] })

/** Since when what the person does is kept again; nothing is as long as they have not written. */
async function keptFrom(job: ErasureRow, { tombstones }: ErasureDeps): Promise<number> {
  const stone = (await tombstones.find([personOf(job)])).get(keyOf(job))
  return stone?.lifted_ms ?? Number.MAX_SAFE_INTEGER
}

type Row = { readonly _id: string; readonly rev: number }

/** Rows that are counted go together with their counts. */
function removeFromTotals(job: ErasureRow, deps: ErasureDeps, kind: CountedKind, rows: readonly Row[]) {
  return removeCounted({ pageId: personOf(job).page.id, kind, keys: rows.map(({ _id }) => _id) }, deps)
}

async function remove<T extends Row>(collection: Collection<T>, rows: readonly T[]): Promise<number> {
  return rows.length === 0 ? 0 : collection.deleteMany(rows.map(({ _id }) => _id))
}

/** The one row of the person, unless it was made anew after they wrote again. */
async function removeOlder<T extends Row & { readonly created_ms: number }>(
  job: ErasureRow,
  deps: ErasureDeps,
  collection: Collection<T>,
  kind: CountedKind,
) {
  const [row] = await collection.getMany([keyOf(job)])
  const isBack = (await keptFrom(job, deps)) < Number.MAX_SAFE_INTEGER && (row?.created_ms ?? 0) > job.requested_ms
  return { removed: row && !isBack ? await removeFromTotals(job, deps, kind, [row]) : 0, next: null }
}

async function redactCommands(job: ErasureRow, cursor: string | null, deps: ErasureDeps) {
  const commands = deps.store.collection(COMMANDS)
  const isBack = (await keptFrom(job, deps)) < Number.MAX_SAFE_INTEGER
  const selection = { index: 'byPage', equals: { page_id: job.page_id } }
  const walk = { collection: commands, selection, open: ['accepted_ms'] as const, limit: ROWS_AT_ONCE }
  return walkRows(walk, cursor, async (rows) => {
    const candidates = isBack ? rows.filter((row) => row.accepted_ms <= job.requested_ms) : rows
    const person = {
      ...marksOf(job),
      key: keyOf(job),
      psid: personOf(job).psid,
      contactId: job.person?.contact_id ?? null,
    }
    const replies = await privateReplies(candidates, person.psid, deps)
    let changed = 0
    for (const row of candidates) {
      const about = replies.has(row._id) || isAboutPerson(row, person)
      if (about) await removeEchoes(row, deps)
      // A private reply is about whoever wrote the comment: as if its conversation were named.
      if (await redact(row, (now) => (about ? { ...now, conversation_key: person.key } : now), person, deps)) changed++
    }
    return changed
  })
}

const CAS_ROUNDS_MAX = 20

/** A worker may be at the command at this moment: its row is read again until ours is the last word. */
async function redact(
  row: CommandRow,
  mark: (row: CommandRow) => CommandRow,
  person: AboutPerson,
  { store, now }: ErasureDeps,
): Promise<boolean> {
  const commands = store.collection(COMMANDS)
  let current: CommandRow | undefined = row
  for (let round = 0; round < CAS_ROUNDS_MAX && current; round++) {
    const erased = current.arguments.erased === true
    const redacted = redactCommand(erased ? current : mark(current), person, now())
    if (redacted === current) return false
    if ((await commands.replaceMany([redacted])).lost.length === 0) return true
    current = (await commands.getMany([row._id]))[0]
  }
  return false
}

/** Those commands that answer a comment of the person. */
async function privateReplies(rows: readonly CommandRow[], psid: string, { store }: ErasureDeps): Promise<Set<string>> {
  const asked = rows.flatMap((row) =>
    row.type === 'comment.private_reply' && typeof row.arguments.comment_id === 'string'
      ? [[row._id, commentKey(row.page_id, row.arguments.comment_id)] as const]
      : [],
  )
  if (asked.length === 0) return new Set()
  const comments: CommentRow[] = await store.collection(COMMENTS).getMany([...new Set(asked.map(([, key]) => key))])
  const theirs = new Set(comments.filter(({ from_id }) => from_id === psid).map(({ _id }) => _id))
  return new Set(asked.filter(([, key]) => theirs.has(key)).map(([id]) => id))
}

/** The echoes of a send name messages of the person. Their keys begin with that of the command. */
async function removeEchoes(row: CommandRow, { store }: ErasureDeps): Promise<void> {
  if (row.lane !== 'push') return
  const echoes = store.collection(SEND_ECHOES)
  const key = sendKey(row.tenant_id, row.command_id)
  const found = await echoes.find({ index: '_id', range: { gte: key, lt: `${key}0` }, limit: ROWS_AT_ONCE })
  await remove(
    echoes,
    found.filter(({ _id }) => _id === key || _id.startsWith(`${key}/`)),
  )
}

function removeLetters(job: ErasureRow, tenantId: string | null, cursor: string | null, deps: ErasureDeps) {
  const letters = deps.store.collection(DEAD_LETTERS)
  const selection = { index: 'byTenant', equals: { tenant_id: tenantId } }
  const walk = { collection: letters, selection, open: ['created_ms'] as const, limit: LETTERS_AT_ONCE }
  return walkRows(walk, cursor, (rows) =>
    remove(
      letters,
      rows.filter((row) => letterNames(row, job)),
    ),
  )
}

function letterNames({ key, payload, reason, created_ms }: DeadLetterRow, job: ErasureRow): boolean {
  if (created_ms > job.requested_ms) return false
  const marks = marksOf(job)
  return namesPerson([key, reason], marks) || namesPerson(Buffer.from(payload, 'base64').toString('utf8'), marks)
}

/** Of a conversation among several people only what the person wrote goes. */
async function removeAmongSeveral(conversation: string, job: ErasureRow, deps: ErasureDeps): Promise<number> {
  const messages = deps.store.collection(MESSAGES)
  const { psid } = personOf(job)
  const selection = { index: 'byConversation', equals: { conversation_key: conversation } }
  let removed = 0
  for (let cursor: string | null = null, done = false; !done; ) {
    const walk = { collection: messages, selection, open: ['created_ms'] as const, limit: ROWS_AT_ONCE }
    const piece: StepOutcome = await walkRows(walk, cursor, (rows) =>
      removeFromTotals(
        job,
        deps,
        'message',
        rows.filter(({ from_id, created_ms }) => from_id === psid && created_ms <= job.requested_ms),
      ),
    )
    removed += piece.removed
    cursor = piece.next
    done = cursor === null
  }
  return removed
}
