import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { Problem } from '@pagesync/shared/http/problem.ts'
import type { FastifyInstance } from 'fastify'
import { Account } from '../views/account.ts'
import { ApiKey } from '../views/api-key.ts'
import { AuditEntry } from '../views/audit-entry.ts'
import { AutomaticReply, Automation, InstantReply, Keyword } from '../views/automation.ts'
import { Command } from '../views/command.ts'
import { Comment } from '../views/comment.ts'
import { Contact } from '../views/contact.ts'
import { Conversation } from '../views/conversation.ts'
import { DeadLetter } from '../views/dead-letter.ts'
import { Deletion } from '../views/deletion.ts'
import { Erasure } from '../views/erasure.ts'
import { Faq, FaqStats } from '../views/faq.ts'
import { Message } from '../views/message.ts'
import { Page } from '../views/page.ts'
import { Run } from '../views/run.ts'
import { Settings } from '../views/settings.ts'
import { PageStatistics, Statistics } from '../views/statistics.ts'
import { Tenant } from '../views/tenant.ts'
import { finishDocument } from './finish-document.ts'

const DESCRIPTION = `Keeps Facebook Pages and a company's own systems in sync.

Every pull and every push is a **command**: the request waits for it (25 s unless configured), and answers 202 with the command when it
takes longer. \`Prefer: respond-async\` or \`Prefer: wait=N\` says how long; \`Idempotency-Key\` makes repeating harmless.

Errors are \`application/problem+json\` with a \`code\` that never changes its meaning. Lists go on with \`next_cursor\`.
What belongs to somebody else does not exist: 404.`

const TAGS = [
  { name: 'pages', description: 'Connected pages' },
  { name: 'accounts', description: 'People at Facebook who connect their pages' },
  { name: 'sync', description: 'Pulls from Facebook, and how far they came' },
  { name: 'statistics', description: 'What was counted: totals, and series for charts' },
  { name: 'push', description: 'What is done at Facebook; `outcome` says how far it reached' },
  { name: 'conversations', description: 'Conversations and their messages' },
  { name: 'contacts', description: 'The people who wrote' },
  { name: 'comments', description: "Comments under the page's posts" },
  { name: 'automations', description: 'What pages answer by themselves' },
  { name: 'faqs', description: 'Questions that are often asked, and how their answers are used' },
  { name: 'commands', description: 'The ledger: everything that was asked for, and its outcome' },
  { name: 'events', description: 'What changes, as it changes' },
  { name: 'dead letters', description: 'What was given up on, to be looked at, replayed or thrown away' },
  { name: 'settings', description: 'What a tenant decides for itself' },
  { name: 'access', description: 'API keys, and who did what' },
  { name: 'operator', description: 'Tenants; with the bearer token of the operator' },
  { name: 'from Facebook', description: 'What Facebook tells of people who leave; signed by it' },
  { name: 'operation', description: 'Is it alive, is it ready' },
]

/** The page loads nothing from elsewhere and calls nobody but us; Swagger UI sets styles on its elements. */
const CONTENT_SECURITY_POLICY = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
}

/** OpenAPI 3.1 of all routes registered after this, at `/docs/json`, and a page to try them at `/docs`. */
export async function registerDocuments(server: FastifyInstance, version: string): Promise<void> {
  for (const schema of [
    Problem,
    Page,
    Account,
    Conversation,
    Message,
    Contact,
    Erasure,
    Deletion,
    Command,
    Run,
    PageStatistics,
    Statistics,
    Tenant,
    DeadLetter,
    Settings,
    ApiKey,
    AuditEntry,
    Comment,
    Automation,
    InstantReply,
    Keyword,
    Faq,
    FaqStats,
    AutomaticReply,
  ])
    server.addSchema(schema)
  await server.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Facebook Sync API',
        version,
        description: DESCRIPTION,
        license: { name: 'MIT', identifier: 'MIT' },
      },
      servers: [{ url: '/', description: 'Where this document came from' }],
      tags: TAGS,
      components: {
        securitySchemes: {
          bearer: { type: 'http', scheme: 'bearer', description: 'An API key (`ps_live_…`), or the operator’s token' },
        },
      },
      security: [{ bearer: [] }],
    },
    refResolver: { buildLocalReference: (json, _base, _fragment, i) => String(json.$id ?? `def-${i}`) },
    transformObject: (document) =>
      finishDocument('openapiObject' in document ? document.openapiObject : document.swaggerObject),
  })
  await server.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: CONTENT_SECURITY_POLICY,
    theme: { title: 'Facebook Sync API' },
    uiConfig: {
      layout: 'BaseLayout',
      docExpansion: 'list',
      tryItOutEnabled: true,
      persistAuthorization: true,
      displayRequestDuration: true,
    },
  })
}
