import { parseArgs } from 'node:util'
import { compileRules } from '@pagesync/shared/automations/compile-rules.ts'
import { decide } from '@pagesync/shared/automations/decide.ts'
import { contextOf, messageOf } from '@pagesync/shared/automations/testing/rule-samples.ts'
import { createScanAll } from '@pagesync/shared/automations/testing/scan-all.ts'
import { makeCorpus, type Sample } from './decide/corpus.ts'
import { median, round } from './gateway/statistics.ts'

/**
 * How many messages a second `decide` decides on a page of 500 keywords and 1,000 FAQs, one thread; every message is
 * different. The peer looks at every rule of the same page in turn, on a sample of them, and has to decide alike.
 * `--json` prints one object as the last line.
 */
const { values: flags } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    messages: { type: 'string', default: '150000' },
    rounds: { type: 'string', default: '5' },
    scanned: { type: 'string', default: '500' },
  },
})
const say = (line: string) => console[flags.json ? 'error' : 'log'](line)

const { page, samples } = makeCorpus(Number(flags.messages))
const rules = compileRules(page)
const context = contextOf()
const decideOne = ({ text }: Sample) => {
  const { action } = decide(rules, messageOf(text), context)
  return action && [action.automation_id, action.part_id]
}

/** Each round takes other messages, so that none is decided twice; the first warms up. */
const rounds = Number(flags.rounds) + 1
const perRound = Math.floor(samples.length / rounds)
const rates: number[] = []
const answered: Record<string, number> = { keyword: 0, faq: 0, nothing: 0 }
for (let i = 0; i < rounds; i++) {
  const some = samples.slice(i * perRound, (i + 1) * perRound)
  const startMs = performance.now()
  const cpuBefore = process.cpuUsage()
  for (const sample of some) if (decideOne(sample)) answered[sample.kind]!++
  const elapsedMs = performance.now() - startMs
  const cpuMs = process.cpuUsage(cpuBefore).user / 1_000
  if (i > 0) rates.push((some.length * 1_000) / elapsedMs)
  say(
    `round ${i}: ${round((some.length * 1_000) / elapsedMs, 0)}/s, ${round((cpuMs * 1_000) / some.length, 1)} µs of processor time a message`,
  )
}

const scan = createScanAll(page)
const scanned = samples.slice(-Number(flags.scanned))
const scanStartMs = performance.now()
const expected = scanned.map(({ text }) => scan(messageOf(text), context))
const scanRate = (scanned.length * 1_000) / (performance.now() - scanStartMs)
const different = scanned.filter((sample, i) => String(decideOne(sample)) !== String(expected[i])).length

const perSecond = median(rates)
const kinds = Object.entries(answered).map(
  ([kind, count]) => `${count} of ${samples.filter((each) => each.kind === kind).length} made as ${kind}`,
)
say(`answered: ${kinds.join(', ')}`)
say(`scanning all rules: ${round(scanRate, 0)}/s; ${different} of ${scanned.length} decided differently`)
const result = {
  messages_per_second: round(perSecond, 0),
  keywords: page.keywords.length,
  faqs: page.faqs.length,
  distinct_messages: samples.length,
  scan_all_per_second: round(scanRate, 0),
  ratio_scan_all: round(perSecond / scanRate, 1),
  different,
}
console.log(flags.json ? JSON.stringify(result) : result)
if (different > 0) throw new Error('The index decides otherwise than a scan of all rules')
