import { type ListingState, startListing } from '@pagesync/shared/graph/read-listing-page.ts'

/**
 * One pass over a folder's listing, newest first. While it pages, a conversation that gets a message moves to the top
 * and out of what is still to come: after a pass of several pages another one looks from the top down to where the
 * last one began, until one page holds all that is new.
 */
export interface FolderPass {
  /** Where in the folder's listing it is. */
  readonly listing: ListingState
  /** Pages read in this pass. */
  readonly pages: number
  /** Stops at conversations older than this; null: goes to the end. */
  readonly floor_ms: number | null
  /** The newest `updated_time` that this pass began with. */
  readonly newest_ms: number | null
  readonly passes: number
}

/** A page that is written to all the time must come to an end: what is newer still is the next sync's. */
const PASSES_MAX = 5

/** @param listing carries over what sizes Facebook put up with */
export function firstPass(floorMs: number | null, listing: ListingState = startListing()): FolderPass {
  return { listing, pages: 0, floor_ms: floorMs, newest_ms: null, passes: 1 }
}

/** Is this conversation still to be looked at? Equal is: `updated_time` has seconds, and the same second may hold more. */
export function isAboveFloor(pass: FolderPass, updatedMs: number | null): boolean {
  return pass.floor_ms === null || updatedMs === null || updatedMs >= pass.floor_ms
}

/** The pass after a page of results, or null when the folder is done; `doneUpToMs` is what is known for certain then. */
export function afterPage(
  pass: FolderPass,
  page: { readonly updatedMs: readonly (number | null)[]; readonly next: ListingState | null },
): { readonly pass: FolderPass } | { readonly doneUpToMs: number | null } {
  const newestOfPage = page.updatedMs.reduce<number | null>(
    (newest, ms) => (ms !== null && ms > (newest ?? -1) ? ms : newest),
    null,
  )
  const read: FolderPass = {
    ...pass,
    pages: pass.pages + 1,
    newest_ms: pass.pages === 0 ? newestOfPage : pass.newest_ms,
  }
  const below = page.updatedMs.some((ms) => !isAboveFloor(pass, ms))
  if (page.next !== null && !below) return { pass: { ...read, listing: page.next } }
  if (read.pages > 1 && read.passes < PASSES_MAX && read.newest_ms !== null)
    return {
      pass: { ...firstPass(read.newest_ms, startListing({ sizes: pass.listing.sizes })), passes: read.passes + 1 },
    }
  return { doneUpToMs: read.newest_ms ?? read.floor_ms }
}
