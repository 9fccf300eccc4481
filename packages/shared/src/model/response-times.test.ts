import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type ConversationDraft,
  type MessageStep,
  markApplied,
  mergeConversation,
  newConversation,
} from './merge-conversation.ts'
import { type Answer, followWaiting } from './response-times.ts'

const START = Date.UTC(2026, 0, 8)
type Said = Pick<MessageStep, 'direction' | 'automatic' | 'created_ms'>

/** Applies them as the worker does; `places` says where in the topic each stands (the place it was told first). */
function answersTo(messages: readonly (Said & { place: number })[]): Answer[] {
  let row: ConversationDraft = newConversation({ _id: '1:2', tenant_id: 't', page_id: 1, psid: '2' }, null, START)
  const answers: Answer[] = []
  for (const { place, ...said } of messages) {
    const step: MessageStep = {
      ...said,
      kind: 'message',
      stamp: said.created_ms * 2,
      mid: `m${said.created_ms}`,
      snippet: null,
      by_person: !said.automatic,
      first_told: { partition: 0, offset: place },
    }
    const waiting = followWaiting(row, step)
    answers.push(...waiting.answers)
    row = markApplied(mergeConversation(waiting.row, step), { partition: 0, offset: place })
  }
  return answers
}

const said = (direction: 'in' | 'out', minute: number, automatic = false, place = minute) => ({
  direction,
  automatic,
  created_ms: START + minute * 60_000,
  place,
})
const minutes = (answers: readonly Answer[], to: Answer['to']) =>
  answers.filter((answer) => answer.to === to).map(({ waitedMs }) => waitedMs / 60_000)

test('a customer waits from the first message that nobody answered', () => {
  const answers = answersTo([
    said('in', 0),
    said('in', 5),
    said('out', 12),
    said('out', 13),
    said('in', 20),
    said('out', 21),
  ])
  expect(minutes(answers, 'anything')).toEqual([12, 1])
  expect(minutes(answers, 'person')).toEqual([12, 1])
})

test('an automatic reply is an answer, but not a person', () => {
  const answers = answersTo([said('in', 0), said('out', 1, true), said('in', 2), said('out', 30)])
  expect(minutes(answers, 'anything')).toEqual([1, 28])
  expect(minutes(answers, 'person')).toEqual([30])
})

test('a message that the page writes first answers nobody, and one that comes late was answered already', () => {
  expect(answersTo([said('out', 0), said('out', 5)])).toEqual([])
  expect(
    minutes(answersTo([said('in', 0), said('out', 10), said('in', 9, false, 11), said('out', 20)]), 'anything'),
  ).toEqual([10])
})

test('what is told again changes nothing, wherever it stands', () => {
  const message = fc.record({ direction: fc.constantFrom('in' as const, 'out' as const), automatic: fc.boolean() })
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 12 }),
      fc.array(fc.nat({ max: 11 }), { maxLength: 6 }),
      (list, repeats) => {
        const told = list.map((each, i) => said(each.direction, i, each.direction === 'out' && each.automatic))
        // The message row keeps the place where it was told first.
        const again = repeats.flatMap((i) => told[i] ?? [])
        expect(answersTo([...told, ...again])).toEqual(answersTo(told))
      },
    ),
  )
})
