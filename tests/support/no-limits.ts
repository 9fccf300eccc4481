/** The environment of a system that answers as often as it is asked: what is tested or measured is something else. */
export const NO_LIMITS = {
  FULL_SYNC_EVERY_SECONDS: '0',
  PULLS_PER_MINUTE: '0',
  KEY_REQUESTS_PER_MINUTE: '0',
  REFUSALS_PER_MINUTE: '0',
} as const
