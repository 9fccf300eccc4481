import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { readSignedRequest } from '@pagesync/shared/security/signed-request.ts'
import type { DeletionKind } from '@pagesync/shared/store/repositories/deletion-requests.ts'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { clientOf } from '../audit-requests.ts'
import { setFacebook } from '../caller.ts'
import { LOGIN_PAGE_HEADERS, loginPage } from '../login-page.ts'
import { errors, success } from '../route-shapes.ts'
import { Deletion, deletionLines, presentDeletion } from '../views/deletion.ts'
import { named } from '../views/shapes.ts'

const FORM = 'application/x-www-form-urlencoded'
const FORM_BYTES_MAX = 16_384
const STATUS_PATH = '/api/facebook/data-deletion'

const SignedBody = Type.Object(
  { signed_request: Type.String({ minLength: 1, maxLength: 8_192, description: 'As Facebook signs it, in a form' }) },
  { examples: [{ signed_request: '-747VAVXUL69….eyJhbGdvcml0aG0…' }] },
)
const CodeParams = Type.Object({ code: Type.String({ minLength: 1, maxLength: 64 }) })
const REFUSALS = ['SIGNATURE_MISMATCH', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE'] as const
/** For browsers and Facebook alike: nothing of it is for third parties. */
const TAGS = ['from Facebook']

/** What Facebook tells of people who leave. Signed by Facebook instead of sent with a key. */
export const registerFacebookCallbacks: RegisterRoutes = (api, context) => {
  // In a scope of its own: forms are taken here and nowhere else.
  void api.register(async (scope) => {
    scope.addContentTypeParser(FORM, { parseAs: 'string', bodyLimit: FORM_BYTES_MAX }, (_request, text, done) => {
      done(null, Object.fromEntries(new URLSearchParams(text as string)))
    })
    registerRoutes(scope as typeof api, context)
  })
}

const registerRoutes: RegisterRoutes = (api, context) => {
  api.post(
    '/deauthorize',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'A person removed the app',
        description:
          "Facebook's deauthorize callback. Disconnects the accounts of the person and the pages that came with them, but for those that have a token of their own by now.",
        body: SignedBody,
        security: [],
        response: { 200: success({}), ...errors('public', REFUSALS) },
      },
    },
    async (request) => {
      await note('deauthorization', request, context)
      return { success: true as const }
    },
  )

  api.post(
    '/data-deletion',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'A person wants their data deleted',
        description:
          "Facebook's data deletion callback. Erases the accounts of the person, and contacts where Facebook tells by which ids its pages know them.",
        body: SignedBody,
        security: [],
        response: {
          200: Type.Object({ url: Type.String(), confirmation_code: Type.String() }),
          ...errors('public', REFUSALS),
        },
      },
    },
    async (request) => {
      const { _id: code } = await note('deletion', request, context)
      return { url: `${context.publicUrl()}${STATUS_PATH}/${code}`, confirmation_code: code }
    },
  )

  api.get(
    '/data-deletion/:code',
    {
      config: { access: 'public' },
      schema: {
        tags: TAGS,
        summary: 'What became of a wish to be deleted',
        description: 'Answers a page to a browser (`Accept: text/html`), else JSON. Open to whoever has the code.',
        params: CodeParams,
        security: [],
        response: { 200: success({ deletion: named(Deletion) }), ...errors('public', ['DELETION_NOT_FOUND']) },
      },
    },
    async (request, reply) => {
      const { deletions, eraser } = context
      const row = await deletions.get(request.params.code)
      if (row?.kind !== 'deletion') throw new AppError('DELETION_NOT_FOUND', 'Nobody was given this code')
      const erasures = await Promise.all(row.erasures.map((id) => eraser.get(id)))
      const deletion = presentDeletion(
        row,
        erasures.filter((each) => each !== undefined),
      )
      void reply.header('cache-control', 'no-store')
      if (!/\btext\/html\b/.test(request.headers.accept ?? '')) return { success: true as const, deletion }
      const page = loginPage('Deletion of your data', deletionLines(deletion))
      return reply
        .headers(LOGIN_PAGE_HEADERS)
        .serializer((text: string) => text)
        .send(page as never)
    },
  )
}

function note(
  kind: DeletionKind,
  request: FastifyRequest<{ Body: Static<typeof SignedBody> }>,
  { deletions, signedRequestSecrets, clock }: ApiContext,
) {
  const signed = readSignedRequest(request.body.signed_request, signedRequestSecrets, clock.now())
  setFacebook(request)
  const { id: request_id, ip: address, routeOptions } = request
  const askedBy = { route: routeOptions.url ?? '', address, client: clientOf(request), request_id }
  return deletions.add(kind, signed, askedBy, clock.now())
}
