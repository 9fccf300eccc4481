import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { errors, success } from '../route-shapes.ts'

/** One request's share: some seconds of work at most. */
const RESEAL_MAX = 5_000

const Count = (description: string) => Type.Integer({ minimum: 0, description })

/** The operator's routes about stored tokens; registered only where there is an operator. */
export const registerTokens: RegisterRoutes = (api, { resealTokens }) => {
  api.post(
    '/tokens/reseal',
    {
      config: { access: 'operator' },
      schema: {
        tags: ['operator'],
        summary: 'Seal stored tokens anew under the first key',
        description:
          `For the rotation of \`TOKEN_KEYS\`. At most about ${RESEAL_MAX} tokens a request: ask again while \`resealed\` ` +
          'is above 0. Once `remaining` is 0, the older keys can be taken out of the ring.',
        response: {
          200: success({
            resealed: Count('Sealed anew by this request'),
            unreadable: Count('Opened with no key of the ring: left as they were, their pages must be connected again'),
            remaining: Count('Still under another key than the first, those that are unreadable among them'),
          }),
          ...errors('operator'),
        },
      },
    },
    async () => ({ success: true as const, ...(await resealTokens(RESEAL_MAX)) }),
  )
}
