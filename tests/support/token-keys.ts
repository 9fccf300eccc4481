import { createTokenSealer } from '@pagesync/shared/security/seal-tokens.ts'

/** One key for all tests, so that what one process sealed another one opens. */
export const TOKEN_KEYS = `test:${Buffer.alloc(32, 'token keys of the tests').toString('base64')}`
/** Under which erased people are recognised. */
export const ERASURE_KEY = 'erasure-key-of-the-tests-0123456789'
export const SEALER = createTokenSealer(TOKEN_KEYS)
