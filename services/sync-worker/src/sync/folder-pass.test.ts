import { startListing } from '@pagesync/shared/graph/read-listing-page.ts'
import { describe, expect, it } from 'vitest'
import { afterPage, type FolderPass, firstPass } from './folder-pass.ts'

const at = (after: string) => startListing({ after })
const passOf = (step: ReturnType<typeof afterPage>): FolderPass => {
  if (!('pass' in step)) throw new Error('the folder is done')
  return step.pass
}

describe('a pass over a folder', () => {
  it('is done after one page when everything beyond it is older than the watermark', () => {
    expect(afterPage(firstPass(500), { updatedMs: [900, 700, 400], next: at('c') })).toEqual({ doneUpToMs: 900 })
  })

  it('looks at the same second as the watermark again', () => {
    expect(passOf(afterPage(firstPass(500), { updatedMs: [900, 500], next: at('c') })).listing.after).toBe('c')
  })

  it('goes on over short and empty pages as long as there is a next one', () => {
    const second = passOf(afterPage(firstPass(null), { updatedMs: [], next: at('a') }))
    expect(passOf(afterPage(second, { updatedMs: [100], next: at('b') })).listing.after).toBe('b')
  })

  it('looks from the top again after several pages, down to where it began, until one page holds all that is new', () => {
    const second = passOf(afterPage(firstPass(null), { updatedMs: [900, 800], next: at('c') }))
    const again = passOf(afterPage(second, { updatedMs: [700, 600], next: null }))
    expect(again).toMatchObject({ listing: { after: null }, floor_ms: 900, passes: 2 })
    expect(afterPage(again, { updatedMs: [950, 900, 800], next: at('x') })).toEqual({ doneUpToMs: 950 })
  })

  it('ends on a page that is written to all the time', () => {
    let pass = firstPass(null)
    for (let round = 0; round < 4; round++) {
      const second = passOf(afterPage(pass, { updatedMs: [1000 + round * 10], next: at('c') }))
      pass = passOf(afterPage(second, { updatedMs: [1], next: null }))
    }
    const second = passOf(afterPage(pass, { updatedMs: [2000], next: at('c') }))
    expect(afterPage(second, { updatedMs: [1], next: null })).toEqual({ doneUpToMs: 2000 })
  })

  it('keeps the watermark of a folder that is empty now', () => {
    expect(afterPage(firstPass(500), { updatedMs: [], next: null })).toEqual({ doneUpToMs: 500 })
  })
})
