/** Flags for a Node process that is to end when this one does: an interrupted run of the tests leaves nobody behind. */
export const END_WITH_PARENT = ['--import', new URL('children/end-with-parent.ts', import.meta.url).href]
