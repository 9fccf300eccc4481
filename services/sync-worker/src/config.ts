import {
  AttachmentSettings,
  EventLogSettings,
  FacebookAppSettings,
  GraphSettings,
  LogSettings,
  PrivacySettings,
  ScheduleSettings,
  StoreSettings,
  TokenSettings,
} from '@pagesync/shared/config/common-config.ts'
import { Port } from '@pagesync/shared/config/setting.ts'
import { type Static, Type } from '@sinclair/typebox'

/** The environment of the worker. */
export const WorkerConfig = Type.Object({
  WORKER_PORT: Port(3034, 'Port of /livez and /readyz; 0 takes any free one'),
  WORKER_HOST: Type.String({ maxLength: 255, default: '0.0.0.0', description: 'Address to listen on' }),
  GRAPH_CALLS_PER_SECOND: Type.Number({
    exclusiveMinimum: 0,
    maximum: 10_000,
    default: 2,
    description: "Calls a second for each page's conversations and messages; Facebook allows 2",
  }),
  STALL_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 30,
    description: 'A consumer that has lag and makes no progress for so long is restarted',
  }),
  SEND_ECHO_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 60,
    description: 'A send whose answer was lost waits so long for its echo before Facebook is asked what became of it',
  }),
  ...ScheduleSettings,
  WEBHOOK_CHECK_HOURS: Type.Integer({
    minimum: 1,
    maximum: 720,
    default: 6,
    description: "So often each page's webhook subscription is looked at, and made again where it is lost",
  }),
  WEBHOOK_SILENCE_HOURS: Type.Integer({
    minimum: 1,
    maximum: 720,
    default: 24,
    description: 'A page that had events and has had none for so long is looked at, too',
  }),
  LEDGER_RETENTION_DAYS: Type.Integer({
    minimum: 8,
    maximum: 3650,
    default: 30,
    description:
      'Commands that ended are kept for so long: longer than the topics keep theirs, so that a topic read again runs nothing twice',
  }),
  ...PrivacySettings,
  ...AttachmentSettings,
  FB_APP_ID: FacebookAppSettings.FB_APP_ID,
  FB_APP_SECRET: FacebookAppSettings.FB_APP_SECRET,
  ...TokenSettings,
  ...GraphSettings,
  ...EventLogSettings,
  ...StoreSettings,
  ...LogSettings,
})
export type WorkerConfig = Readonly<Static<typeof WorkerConfig>>
