/** `ce_source` of what this service writes. */
export const SOURCE = '/pagesync/sync-worker'
